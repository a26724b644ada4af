//! The programs of a control plane.

use std::{env, path::PathBuf};

/// Where the programs of a control plane are on this machine.
#[derive(Debug, Clone)]
pub struct Binaries {
    /// `kube-apiserver`.
    pub api_server: PathBuf,
    /// `etcd`.
    pub etcd: PathBuf,
    /// `kube-controller-manager`, without which nothing is collected and nothing is rolled out.
    pub controllers: Option<PathBuf>,
}

impl Binaries {
    /// As the environment names them: `ALM_KUBE_APISERVER`, `ALM_ETCD`, `ALM_KUBE_CONTROLLER_MANAGER`. Without the first two there are
    /// none, and the reason is given.
    ///
    /// # Errors
    /// What is missing.
    pub fn of_environment() -> Result<Self, String> {
        let named = |name: &str| env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        let needed = |name: &str| named(name).ok_or_else(|| format!("{name} does not name a program"));
        let controllers = named("ALM_KUBE_CONTROLLER_MANAGER");
        Ok(Self { api_server: needed("ALM_KUBE_APISERVER")?, etcd: needed("ALM_ETCD")?, controllers })
    }
}
