"""Standard margin of single options: Deribit's form, Opyn's vaults."""
