"""A mixture of Bernoulli products in fifty decimal digits: its values, flows and gradient steps, by plain loops."""

from decimal import Decimal, localcontext

DIGITS = 50


def exact(array):
    """Nested lists of the very numbers of an array."""
    return [exact(each) for each in array] if getattr(array, "ndim", 0) else Decimal(float(array))


def flows(weights, theta, rows, counts, data_only=False):
    """Objective, and the flows of the weights [K] and of theta [2][K][D], per row, each sum over its own rows.

    The objective is mean log f − log Z; without its second term the flows are the data's alone.
    """
    with localcontext() as context:
        context.prec = DIGITS
        num_rows, names = Decimal(int(sum(counts))), range(len(weights))
        of_weights = [Decimal(0) for _ in names]
        of_theta = [[[Decimal(0) for _ in leaf] for leaf in value] for value in theta]
        llh = Decimal(0)
        for row, count in zip(rows, counts, strict=True):
            parts = [_product([weights[k], *(theta[x][k][d] for d, x in enumerate(row))]) for k in names]
            share, value = Decimal(int(count)) / num_rows, sum(parts)
            llh += share * value.ln()
            for k in names:
                of_weights[k] += share * parts[k] / value
                for d, x in enumerate(row):
                    of_theta[x][k][d] += share * parts[k] / value
        totals = [[zero + one for zero, one in zip(*pair, strict=True)] for pair in zip(*theta, strict=True)]
        parts = [_product([weights[k], *totals[k]]) for k in names]
        llh -= sum(parts).ln()
        for k in names if not data_only else ():
            share = parts[k] / sum(parts)
            of_weights[k] -= share
            for value, d in ((value, d) for value in (0, 1) for d in range(len(totals[k]))):
                of_theta[value][k][d] -= share * theta[value][k][d] / totals[k][d]
        return llh, of_weights, of_theta


def ascended(weights, theta, rows, counts, rate, floor):
    """Weights and theta after a step of gradient ascent, lifted to the floor."""
    with localcontext() as context:
        context.prec = DIGITS
        _, of_weights, of_theta = flows(weights, theta, rows, counts)

        def moved(value, flow):
            if isinstance(value, list):
                return [moved(*pair) for pair in zip(value, flow, strict=True)]
            return max(value + rate * flow / value, floor)

        return moved(weights, of_weights), moved(theta, of_theta)


def _product(factors):
    result = Decimal(1)
    for factor in factors:
        result *= factor
    return result
