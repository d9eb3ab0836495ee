// The list of connectors, in the order of the template and the tour. Whoever reads it defines the macro `connectors`
// first: a file that is included needs no crate, so that the simulators still share no type with the connectors.
connectors! {
    temporalcloud,
    confluence,
    elastic,
    buildkite,
    northflank,
}
