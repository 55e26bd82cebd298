"""How the firm decides between venues, as versions two people made, and what came of it."""
