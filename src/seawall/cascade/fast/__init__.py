"""The compiled cascade: the plain loop's answers, bit for bit, at the cost of accounts crossed."""
