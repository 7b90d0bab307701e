"""How others behave who are not forced: hedgers and makers of the market, owners of accounts."""
