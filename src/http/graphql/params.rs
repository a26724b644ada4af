//! The parameters of a GraphQL request.

use async_graphql::Variables;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::Source;
use crate::http::{Code, DocumentLimits, document::Problem};

/// What a client asks for, its types checked.
#[derive(Debug)]
pub(in crate::http) struct Params {
    pub(in crate::http) source: Source,
    pub(in crate::http) operation_name: Option<String>,
    pub(in crate::http) variables: Variables,
    pub(in crate::http) extensions: async_graphql::Extensions,
}

/// Kept as text, so that a large body of the wrong shape costs no more memory than it has bytes.
#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    query: Option<&'a RawValue>,
    #[serde(borrow, rename = "documentId")]
    document_id: Option<&'a RawValue>,
    #[serde(borrow, rename = "operationName")]
    operation_name: Option<&'a RawValue>,
    #[serde(borrow)]
    variables: Option<&'a RawValue>,
    #[serde(borrow)]
    extensions: Option<&'a RawValue>,
}

impl Params {
    /// From a JSON body, or the payload of `subscribe`.
    pub(in crate::http) fn from_json(body: &[u8], limits: &DocumentLimits) -> Result<Self, Problem> {
        match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'[') => return Err(bad("a list of requests is not taken: send one request at a time")),
            None => return Err(bad("the body is empty: send a JSON object with the key `query`")),
            Some(_) => {}
        }
        let raw: Raw<'_> = serde_json::from_slice(body).map_err(|error| {
            if error.is_data() {
                bad("the request must be a JSON object with the key `query`, each key once")
            } else {
                bad(format!("the body is not JSON: error at line {}, column {}", error.line(), error.column()))
            }
        })?;
        let query = text(raw.query, "`query` must be a string, the GraphQL document")?;
        let document_id = text(raw.document_id, "`documentId` must be a string, `sha256:` and the hash of a document")?;
        let operation_name = text(raw.operation_name, "`operationName` must be a string or null")?;
        let variables = object("variables", raw.variables.map(RawValue::get), limits)?;
        let extensions = object("extensions", raw.extensions.map(RawValue::get), limits)?;
        let source = Source::read(query, document_id, &extensions)?;
        Ok(Self { source, operation_name, variables, extensions })
    }

    /// From the query string of a GET request.
    pub(in crate::http) fn from_query_string(
        pairs: Vec<(String, String)>,
        limits: &DocumentLimits,
    ) -> Result<Self, Problem> {
        let (mut query, mut document_id, mut operation_name) = (None, None, None);
        let (mut variables, mut extensions) = (Variables::default(), async_graphql::Extensions::default());
        let mut seen = Vec::new();
        for (name, value) in pairs {
            if seen.contains(&name) {
                return Err(bad(format!("the parameter `{}` is given twice", alm_domain::shorten(&name))));
            }
            match name.as_str() {
                "query" => query = Some(value).filter(|text| !text.is_empty()),
                "documentId" => document_id = Some(value).filter(|id| !id.is_empty()),
                "operationName" => operation_name = Some(value).filter(|name| !name.is_empty()),
                "variables" if !value.is_empty() => variables = object("variables", Some(&value), limits)?,
                "extensions" if !value.is_empty() => extensions = object("extensions", Some(&value), limits)?,
                _ => continue,
            }
            seen.push(name);
        }
        let source = Source::read(query, document_id, &extensions)?;
        Ok(Self { source, operation_name, variables, extensions })
    }
}

fn text(value: Option<&RawValue>, refusal: &str) -> Result<Option<String>, Problem> {
    value.map(|value| serde_json::from_str(value.get())).transpose().map_err(|_| bad(refusal))
}

fn object<T: DeserializeOwned + Default>(
    name: &str,
    text: Option<&str>,
    limits: &DocumentLimits,
) -> Result<T, Problem> {
    let Some(text) = text.map(str::trim).filter(|text| *text != "null") else { return Ok(T::default()) };
    if values(text) > limits.variable_values {
        return Err(Problem::new(
            Code::QueryTooCostly,
            format!("`{name}` holds more than {} values: send less at a time", limits.variable_values),
        ));
    }
    let refused = || bad(format!("`{name}` must be a JSON object or null"));
    if !text.starts_with('{') {
        return Err(refused());
    }
    serde_json::from_str(text).map_err(|_| refused())
}

/// How many values a JSON text holds, at most: what separates or opens them is counted.
fn values(text: &str) -> usize {
    let (mut count, mut quoted, mut escaped) = (1, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' | b'{' | b'[' if !quoted => count += 1,
            _ => {}
        }
    }
    count
}

pub(super) fn bad(message: impl AsRef<str>) -> Problem {
    Problem::new(Code::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(body: &str) -> Result<Params, String> {
        Params::from_json(body.as_bytes(), &DocumentLimits::default()).map_err(|problem| problem.message)
    }

    #[test]
    fn each_parameter_of_the_wrong_type_is_named() {
        for (body, named) in [
            ("", "empty"),
            ("{", "not JSON"),
            ("[{\"query\":\"{a}\"}]", "one request at a time"),
            ("\"{a}\"", "JSON object"),
            ("{}", "`query`"),
            (r#"{"query":7}"#, "`query`"),
            (r#"{"query":null}"#, "`query`"),
            (r#"{"query":"{a}","operationName":7}"#, "`operationName`"),
            (r#"{"documentId":7}"#, "`documentId`"),
            (r#"{"documentId":"sha256:abc"}"#, "`documentId`"),
            (r#"{"documentId":"0123456789abcdef0123456789abcdef"}"#, "`documentId`"),
            (r#"{"query":"{a}","documentId":"sha256:abc"}"#, "only one of"),
            (r#"{"extensions":{"persistedQuery":7}}"#, "`extensions.persistedQuery`"),
            (r#"{"extensions":{"persistedQuery":{"version":2,"sha256Hash":""}}}"#, "`extensions.persistedQuery`"),
            (r#"{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"A"}}}"#, "`extensions.persistedQuery`"),
            (r#"{"query":"{a}","variables":[]}"#, "`variables`"),
            (r#"{"query":"{a}","variables":"{}"}"#, "`variables`"),
            (r#"{"query":"{a}","extensions":1}"#, "`extensions`"),
            (r#"{"query":"{a}","query":"{b}"}"#, "each key once"),
        ] {
            let message = read(body).unwrap_err();
            assert!(message.contains(named), "{body}: {message}");
        }
    }

    #[test]
    fn nulls_and_unknown_keys_are_let_pass() {
        let params =
            read(r#"{"query":"{a}","operationName":null,"variables":null,"extensions":null,"id":[1]}"#).unwrap();
        assert_eq!(params.source, Source::Text("{a}".to_owned()));
        assert!(params.operation_name.is_none());
    }

    #[test]
    fn a_document_can_be_named_in_either_way_and_a_hash_beside_a_text_must_be_its_own() {
        let hash = "71f7dc5758652baac68e4a10c50be732b741c892ade2883a99358f52b555286b";
        let named = Source::Named(hash.parse().unwrap());
        let persisted = format!(r#""extensions":{{"persistedQuery":{{"version":1,"sha256Hash":"{hash}"}}}}"#);
        assert_eq!(read(&format!(r#"{{"documentId":"sha256:{hash}"}}"#)).unwrap().source, named);
        assert_eq!(read(&format!("{{{persisted}}}")).unwrap().source, named);
        let text = "query($id:ID!){user(id:$id){name}}";
        let both = read(&format!(r#"{{"query":"{text}",{persisted}}}"#)).unwrap();
        assert_eq!(both.source, Source::Text(text.to_owned()));
        assert!(read(&format!(r#"{{"query":"{{a}}",{persisted}}}"#)).unwrap_err().contains("not the SHA-256"));
        assert!(read(&format!(r#"{{"documentId":"sha256:{hash}",{persisted}}}"#)).unwrap_err().contains("only one of"));
    }

    #[test]
    fn variables_with_too_many_values_are_refused_before_they_are_read() {
        let many = format!(r#"{{"query":"{{a}}","variables":{{"a":[{}0]}}}}"#, "0,".repeat(10_000));
        assert!(read(&many).unwrap_err().contains("10000 values"));
        let text = format!(r#"{{"query":"{{a}}","variables":{{"a":"{}"}}}}"#, ",".repeat(100_000));
        assert!(read(&text).is_ok(), "commas in a string are no values");
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Params::from_json(&body, &DocumentLimits::default());
        }
    }
}
