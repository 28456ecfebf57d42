package main

// version is set by the linker: "make build" and whoever packages holm know it.
var version string
