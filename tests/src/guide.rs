//! `examples/guide`, bundled.

use crate::{Output, Project, Upstream, artifact::Bundle, expectations};

/// A copy of the guide with what `cargo bundle` made of it.
#[derive(Debug)]
pub struct Guide {
    /// The copy.
    pub project: Project,
    /// What the run printed.
    pub output: Output,
    /// What it wrote.
    pub bundle: Bundle,
}

impl Guide {
    /// The environment of its functions; `upstream` is what they fetch from.
    #[must_use]
    pub fn variables(upstream: &Upstream) -> [(&'static str, String); 2] {
        let [upstream] = upstream.variables();
        [upstream, ("REVALIDATE_SECRET", expectations::REVALIDATE_SECRET.to_owned())]
    }

    /// Bundles a copy of the guide; `upstream` is what its routes fetch from meanwhile.
    ///
    /// # Panics
    ///
    /// When the bundle fails.
    #[track_caller]
    #[must_use]
    pub fn bundled(upstream: &Upstream) -> Self {
        let project = Project::example("guide");
        let output = project.bundle().envs(upstream.variables()).run().succeeded();
        let bundle = Bundle::open(&project.output());
        Self { project, output, bundle }
    }
}
