//! XML, with the type of a text.

use wharf::Response;

const FEED: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>
<rss version=\"2.0\">
<channel>
  <title>Next.js Documentation</title>
  <link>https://nextjs.org/docs</link>
  <description>The React Framework for the Web</description>
</channel>
</rss>";

pub async fn get() -> Response {
    Response::text(FEED)
}
