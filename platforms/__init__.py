"""Ad networks: one module each, behind one protocol. Money is converted here and only here."""
