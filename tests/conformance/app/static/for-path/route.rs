//! Is kept until somebody revalidates its path.

use wharf::config::Dynamic;

use crate::counter::Counter;

pub const DYNAMIC: Dynamic = Dynamic::ForceStatic;

static N: Counter = Counter::new();

pub async fn get() -> String {
    format!("n={}", N.next())
}
