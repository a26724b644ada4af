//! Addresses that lead where nobody should get by way of our server, in every way of writing them that we know of.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;

/// Names that an attacker lets lead to special addresses.
struct Led(IpAddr);

impl Lookup for Led {
    fn lookup(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let address = self.0;
        // The good one among them does not help.
        Box::pin(async move { Ok(vec!["93.184.215.14".parse().unwrap(), address]) })
    }
}

/// Special addresses, IPv4.
const V4: [&str; 38] = [
    "0.0.0.0",
    "0.0.0.1",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.0.0.2",
    "127.1.2.3",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "250.1.1.1",
    "255.255.255.254",
    "255.255.255.255",
    "10.96.0.1",
    "172.30.0.1",
];

/// Special addresses, IPv6.
const V6: [&str; 24] = [
    "::",
    "::1",
    "fe80::1",
    "fe80::a9fe:a9fe",
    "febf::1",
    "fec0::1",
    "fc00::1",
    "fd00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "ff02::1",
    "ff0e::1",
    "100::1",
    "64:ff9b:1::7f00:1",
    "2001::7f00:1",
    "2001:db8::1",
    "2001:10::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "3fff::1",
    "5f00::1",
    "4000::1",
    "2001:20::1",
    "2620:4f:8000::1",
];

/// Ways of writing this machine's own address that a URL may hold.
const ODD: [&str; 34] = [
    "0x7f.1",
    "0x7f.0.0.1",
    "0x7f000001",
    "0x7f.0x0.0x0.0x1",
    "0X7F.1",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "0177.1",
    "127.1",
    "127.0.1",
    "127.0.0.1.",
    "0x7f.1.",
    "00000177.0.0.1",
    "0x0000007f.1",
    "127.0x1",
    "0127.0.0.1",
    "１２７.0.0.1",
    "127。0。0。1",
    "①②⑦.0.0.1",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[::ffff:0:a00:1]",
];

fn corpus(port: u16) -> Vec<String> {
    let mut all = Vec::new();
    for address in V4 {
        let v4 = address.parse::<Ipv4Addr>().unwrap();
        let [a, b] = [
            u16::from_be_bytes([v4.octets()[0], v4.octets()[1]]),
            u16::from_be_bytes([v4.octets()[2], v4.octets()[3]]),
        ];
        let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a, b);
        all.extend([
            format!("https://{v4}:{port}/"),
            format!("https://{}:{port}/", u32::from(v4)),
            format!("https://[{}]:{port}/", v4.to_ipv6_mapped()),
            format!("https://[{nat64}]:{port}/"),
        ]);
    }
    all.extend(V6.iter().map(|address| format!("https://[{address}]:{port}/")));
    for host in ODD {
        all.push(format!("https://{host}:{port}/"));
        all.push(format!("http://{host}:{port}/"));
    }
    for host in ["127.0.0.1", "[::1]", "localhost", "LOCALHOST", "localhost.", "foo.localhost"] {
        all.extend([
            format!("https://user@{host}:{port}/"),
            format!("https://user:password@{host}:{port}/"),
            format!("https://example.com@{host}:{port}/"),
            format!("https://example.com:443@{host}:{port}/"),
            format!("https:\\\\{host}:{port}/"),
            format!("https:{host}:{port}/"),
            format!("https:///{host}:{port}/"),
            format!("http://{host}:{port}/"),
            format!("ws://{host}:{port}/"),
            format!("ftp://{host}:{port}/"),
            format!("gopher://{host}:{port}/_GET"),
            format!("file://{host}/etc/passwd"),
        ]);
    }
    all
}

#[tokio::test]
async fn hostile_addresses_get_no_connection() {
    let server = Counting::start(Scheme::Http, "200 OK", "{}").await;
    let outbound = Outbound::new(Policy::default());
    let corpus = corpus(server.port);
    let (mut refused, mut no_address) = (0, 0);
    for text in &corpus {
        let Ok(address) = text.parse::<Url>() else {
            no_address += 1;
            continue;
        };
        let error = outbound.send(Request::get(address), None).await.unwrap_err();
        // A name that the system does not know leads nowhere either.
        assert!(
            matches!(error, OutboundError::Refused { .. } | OutboundError::Unreachable { .. }),
            "{text}: {error:?}"
        );
        refused += 1;
    }
    assert_eq!(server.connections(), 0);
    assert!(refused > 250 && no_address < 20, "{refused} refused, {no_address} are no addresses");
    println!("{} hostile addresses: {refused} refused, {no_address} not even addresses, 0 connections", corpus.len());
}

#[tokio::test]
async fn names_that_lead_to_special_addresses_get_no_connection() {
    let server = Counting::start(Scheme::Http, "200 OK", "{}").await;
    for address in V4.iter().chain(&V6) {
        let outbound = Outbound::with_lookup(Policy::default(), Arc::new(Led(address.parse().unwrap())));
        let error = outbound.send(Request::get(url(&format!("https://evil.example:{}/", server.port))), None).await;
        assert!(matches!(error, Err(OutboundError::Refused { .. })), "{address}: {error:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn the_server_of_these_tests_can_be_reached_where_it_is_listed() {
    let server = Counting::start(Scheme::Http, "200 OK", "{}").await;
    let outbound = Outbound::new(allowing(&["127.0.0.0/8"]));
    outbound.send(Request::get(url(&format!("http://127.0.0.1:{}/", server.port))), None).await.unwrap();
    assert_eq!(server.connections(), 1, "else the figures of this file would mean nothing");
}

#[test]
fn public_addresses_are_not_special() {
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.215.14",
        "172.32.0.1",
        "100.128.0.1",
        "192.167.1.1",
        "2606:4700::1111",
        "2a00:1450::1",
        "2001:4860:4860::8888",
        "64:ff9b::808:808",
    ] {
        assert!(Policy::default().check("host.example", address.parse().unwrap()).is_ok(), "{address}");
    }
}
