int printf(const char *text, ...);
