//! Reading objects.

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::general_purpose::{GeneralPurpose, NO_PAD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use super::{ask::Ask, reply, reply::Reply, selector::Selector, status::Failure, target::Target};
use crate::world::{Home, World};

/// An object as it is sent, in the version that was asked for.
pub(crate) fn shown(target: &Target, object: &Value) -> Value {
    let mut shown = object.clone();
    shown["kind"] = json!(target.resource.kind);
    shown["apiVersion"] = json!(target.api_version());
    crate::tekton::convert(target.resource, target.version, &mut shown);
    shown
}

pub(crate) fn get(world: &World, target: &Target) -> Result<Reply, Failure> {
    Ok(reply::json(200, &shown(target, found(world, target)?)))
}

/// The object that the path names.
pub(crate) fn found<'a>(world: &'a World, target: &Target) -> Result<&'a Value, Failure> {
    let resource = target.resource;
    world
        .get(resource, target.place(), target.named())
        .ok_or_else(|| Failure::not_found(resource.plural, resource.group, target.named()))
}

pub(crate) fn list(world: &World, ask: &Ask, target: &Target) -> Result<Reply, Failure> {
    let selector = Selector::of(ask, target.resource)?;
    let revision = world.revision;
    if let Some(asked) =
        ask.query("resourceVersion").and_then(|asked| asked.parse().ok()).filter(|&asked: &u64| asked > revision)
    {
        return Err(Failure::too_large(asked, revision));
    }
    let after = ask.query("continue").filter(|token| !token.is_empty()).map(|token| place(&token)).transpose()?;
    if after.as_ref().is_some_and(|(of, _)| *of < world.oldest) {
        return Err(Failure::continue_expired());
    }
    let fits = |(key, object): &(&crate::world::Key, &Value)| {
        let name = format!("{}/{}", key.namespace, key.name);
        after.as_ref().is_none_or(|(_, last)| name > *last) && selector.matches(object)
    };
    let all: Vec<_> = world.all(target.resource, target.namespace.as_deref()).filter(fits).collect();
    let limit = ask.number("limit").and_then(|limit| usize::try_from(limit).ok()).filter(|&limit| limit > 0);
    let page = &all[..limit.unwrap_or(all.len()).min(all.len())];
    let custom = target.resource.home == Home::Custom;
    let of = after.map_or(revision, |(of, _)| of);
    let mut metadata = json!({"resourceVersion": of.to_string()});
    if custom {
        metadata["continue"] = json!("");
    }
    if let Some((key, _)) = page.last().filter(|_| page.len() < all.len()) {
        let token = json!({"v": "meta.k8s.io/v1", "rv": of, "start": format!("{}/{}", key.namespace, key.name)});
        metadata["continue"] = json!(URL_SAFE_NO_PAD.encode(token.to_string()));
        metadata["remainingItemCount"] = json!(all.len() - page.len());
    }
    let items: Vec<Value> = page
        .iter()
        .map(|(_, object)| {
            let mut item = shown(target, object);
            // As the real servers do: only items of custom resources say what they are.
            if let Some(map) = item.as_object_mut().filter(|_| !custom) {
                map.remove("kind");
                map.remove("apiVersion");
            }
            item
        })
        .collect();
    Ok(reply::json(
        200,
        &json!({"kind": format!("{}List", target.resource.kind), "apiVersion": target.api_version(), "metadata": metadata,
            "items": items}),
    ))
}

fn place(token: &str) -> Result<(u64, String), Failure> {
    // As the real server does: it names the first letter of what it could not read.
    let bad = |decoded: &[u8]| {
        let letter = char::from(decoded.first().copied().unwrap_or(b' '));
        Failure::bad_request(format!(
            "invalid continue token: continue key is not valid: invalid character '{letter}' looking for beginning of value"
        ))
    };
    let lenient = GeneralPurpose::new(&URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));
    let decoded = lenient.decode(token).map_err(|_| bad(&[]))?;
    let read: Value = serde_json::from_slice(&decoded).map_err(|_| bad(&decoded))?;
    let start = read["start"].as_str().ok_or_else(|| bad(&decoded))?;
    Ok((read["rv"].as_u64().ok_or_else(|| bad(&decoded))?, start.to_owned()))
}
