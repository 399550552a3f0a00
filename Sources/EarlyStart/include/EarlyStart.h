// Whatever is linked with this is called before main, with its arguments.
void quartilectl_take_short_way(int argc, char **argv);
