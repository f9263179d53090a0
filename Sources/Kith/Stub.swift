// Kith
