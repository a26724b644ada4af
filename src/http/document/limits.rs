//! How large a document may be.

/// Limits of one GraphQL document. All of its operations count together.
#[derive(Debug, Clone)]
pub struct DocumentLimits {
    /// Length of the document, in bytes.
    pub bytes: usize,
    /// Tokens of the document.
    pub tokens: usize,
    /// How deep brackets of any kind may stand in each other.
    pub nesting: usize,
    /// Fields, counted after every fragment has been put in its places.
    pub fields: usize,
    /// How deep fields may stand in each other, counted likewise.
    pub depth: usize,
    /// Values that questions about the schema itself may bring, estimated by the usual length of its lists.
    pub introspection: usize,
    /// How many fragments may be spread one within the other.
    pub fragment_chain: usize,
    /// Fields that are given another name.
    pub aliases: usize,
    /// Directives on fields and fragments.
    pub directives: usize,
    /// Values in the variables, nested ones included.
    pub variable_values: usize,
}

impl Default for DocumentLimits {
    fn default() -> Self {
        Self {
            bytes: 16 << 10,
            tokens: 5_000,
            nesting: 48,
            fields: 2_000,
            depth: 25,
            introspection: 400_000,
            fragment_chain: 20,
            aliases: 50,
            directives: 100,
            variable_values: 10_000,
        }
    }
}
