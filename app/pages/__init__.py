"""One script per page: a recipe of title, text, controls, engine calls and figures."""
