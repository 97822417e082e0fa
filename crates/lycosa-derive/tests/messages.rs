//! What the compiler says of structs that cannot be items: every case of `fail/` with the words beside it. They are
//! written anew with `TRYBUILD=overwrite`.

#[test]
fn mistakes_are_told_where_they_stand() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/fail/*.rs");
}
