//! `examples/guide`, bundled.

use crate::{Output, Project, Upstream, artifact::Bundle};

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
