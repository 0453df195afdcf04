"""The program `crosspython`: doctor, init, build. It uses the builders, as an SConstruct does."""
