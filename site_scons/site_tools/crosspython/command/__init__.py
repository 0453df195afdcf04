"""The program `crosspython`: doctor, init, build. It stands before the builders, as an SConstruct does."""
