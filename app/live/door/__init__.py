"""One door before everything the server answers: hosts, headers, rates, uploads, and who has a place in the room."""
