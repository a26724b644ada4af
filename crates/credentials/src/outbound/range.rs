//! Special addresses, after the registries of special-purpose addresses (RFC 6890 and its successors).

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// Why an address is not a public one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Special {
    Loopback,
    LinkLocal,
    Private,
    Metadata,
    Reserved,
}

impl Special {
    /// Whether clouds keep their metadata there, or it is a neighbour that no name should lead to.
    pub(super) const fn is_link_local(self) -> bool {
        matches!(self, Self::LinkLocal | Self::Metadata)
    }
}

impl fmt::Display for Special {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "this machine itself",
            Self::LinkLocal => "link-local",
            Self::Private => "in a private network",
            Self::Metadata => "a cloud's metadata service",
            Self::Reserved => "reserved",
        })
    }
}

/// The IPv4 address inside of a mapped or translated IPv6 address, which is what is really connected to; otherwise the same.
pub(super) fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    match v6.segments() {
        // IPv4-mapped, IPv4-compatible (but not :: and ::1), IPv4-translated, and NAT64 with the well-known prefix.
        [0, 0, 0, 0, 0, 0xffff, a, b] | [0, 0, 0, 0, 0xffff, 0, a, b] | [0x64, 0xff9b, 0, 0, 0, 0, a, b] => v4(a, b),
        [0, 0, 0, 0, 0, 0, a, b] if a != 0 => v4(a, b),
        _ => address,
    }
}

/// What is special about an address; nothing if it is a public one.
pub(super) fn special(address: IpAddr) -> Option<Special> {
    match address {
        IpAddr::V4(v4) => special_v4(v4),
        IpAddr::V6(v6) => special_v6(v6),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<Special> {
    match address.octets() {
        [127, ..] => Some(Special::Loopback),
        // Azure's and Oracle's stand among public or reserved addresses, Alibaba's among those of carriers.
        [168, 63, 129, 16] | [192, 0, 0, 192] | [100, 100, 100, 200] => Some(Special::Metadata),
        [169, 254, ..] => Some(Special::LinkLocal),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Some(Special::Private),
        // "This network", protocol assignments, documentation, relays, benchmarks, multicast, and what is left.
        [0, ..]
        | [192, 0, 0 | 2, _]
        | [192, 31, 196, _]
        | [192, 52, 193, _]
        | [192, 88, 99, _]
        | [192, 175, 48, _]
        | [198, 18..=19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [224..=255, ..] => Some(Special::Reserved),
        _ => None,
    }
}

fn special_v6(address: Ipv6Addr) -> Option<Special> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(Special::Loopback),
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254] => Some(Special::Metadata),
        [0xfe80..=0xfebf, ..] => Some(Special::LinkLocal),
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] | [0x64, 0xff9b, ..] => Some(Special::Private),
        // Teredo, 6to4 and ORCHID carry other addresses or none; 2001:db8 and 3fff::/20 are for documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] | [0x2620, 0x4f, 0x8000, ..] => {
            Some(Special::Reserved)
        }
        // Nothing else is given out to be reached by everybody.
        [0x2000..=0x3fff, ..] => None,
        _ => Some(Special::Reserved),
    }
}

fn v4(high: u16, low: u16) -> IpAddr {
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}
