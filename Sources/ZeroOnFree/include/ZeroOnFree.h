// Nothing to call: a program that is linked with this overwrites what it frees.
