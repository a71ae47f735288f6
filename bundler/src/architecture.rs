//! The processors that Lambda runs functions on.

use std::{fmt, str::FromStr};

use clap::ValueEnum;

/// A processor that Lambda runs functions on
/// ([AWS](https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html)).
///
/// ```
/// use wharf_bundler::architecture::Architecture;
///
/// assert_eq!("arm64".parse(), Ok(Architecture::Arm64));
/// assert_eq!(Architecture::Arm64.target(), "aarch64-unknown-linux-gnu");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Architecture {
    /// Intel and AMD, 64 bits.
    #[value(name = "x86_64")]
    X86_64,
    /// Arm, 64 bits: Graviton.
    #[value(name = "arm64")]
    Arm64,
}

impl Architecture {
    /// The name that Lambda has for it, and `cargo bundle` too.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    /// What rustc compiles for to run on it.
    #[must_use]
    pub const fn target(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
        }
    }

    /// Whether what cargo compiles for this machine runs on Lambda's machines of this architecture.
    #[must_use]
    pub const fn is_of_this_machine(self) -> bool {
        let is_same = match self {
            Self::X86_64 => cfg!(target_arch = "x86_64"),
            Self::Arm64 => cfg!(target_arch = "aarch64"),
        };
        is_same && cfg!(target_os = "linux")
    }
}

/// That of this machine, or `x86_64` where Lambda has none like it.
impl Default for Architecture {
    fn default() -> Self {
        if cfg!(target_arch = "aarch64") { Self::Arm64 } else { Self::X86_64 }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The text names no architecture of Lambda.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownArchitecture;

impl FromStr for Architecture {
    type Err = UnknownArchitecture;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::X86_64, Self::Arm64].into_iter().find(|known| known.as_str() == text).ok_or(UnknownArchitecture)
    }
}
