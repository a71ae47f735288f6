//! The routes of this app. Written by `cargo bundle` from the app directory; do not edit, but do commit it.
//!
//! `cargo bundle --check` fails when it is stale.

/// `/api/plain`
#[path = "../app/api/plain/route.rs"]
pub mod api_plain;

/// `/body/get`
#[path = "../app/body/get/route.rs"]
pub mod body_get;

/// `/cached/headers`
#[path = "../app/cached/headers/route.rs"]
pub mod cached_headers;

/// `/cached/large`
#[path = "../app/cached/large/route.rs"]
pub mod cached_large;

/// `/cached/noctype`
#[path = "../app/cached/noctype/route.rs"]
pub mod cached_noctype;

/// `/cached/notfound`
#[path = "../app/cached/notfound/route.rs"]
pub mod cached_notfound;

/// `/cached/null`
#[path = "../app/cached/null/route.rs"]
pub mod cached_null;

/// `/cached/redirect`
#[path = "../app/cached/redirect/route.rs"]
pub mod cached_redirect;

/// `/cached/s201`
#[path = "../app/cached/s201/route.rs"]
pub mod cached_s201;

/// `/cached/s404`
#[path = "../app/cached/s404/route.rs"]
pub mod cached_s404;

/// `/cached/s418`
#[path = "../app/cached/s418/route.rs"]
pub mod cached_s418;

/// `/cached/s500`
#[path = "../app/cached/s500/route.rs"]
pub mod cached_s500;

/// `/cookies/delete`
#[path = "../app/cookies/delete/route.rs"]
pub mod cookies_delete;

/// `/cookies/iterate`
#[path = "../app/cookies/iterate/route.rs"]
pub mod cookies_iterate;

/// `/cookies/multi-header`
#[path = "../app/cookies/multi-header/route.rs"]
pub mod cookies_multi_header;

/// `/cookies/nested`
#[path = "../app/cookies/nested/route.rs"]
pub mod cookies_nested;

/// `/cookies/res-cookies`
#[path = "../app/cookies/res-cookies/route.rs"]
pub mod cookies_res_cookies;

/// `/cookies/set`
#[path = "../app/cookies/set/route.rs"]
pub mod cookies_set;

/// `/cookies/set-and-header`
#[path = "../app/cookies/set-and-header/route.rs"]
pub mod cookies_set_and_header;

/// `/cookies/set-options`
#[path = "../app/cookies/set-options/route.rs"]
pub mod cookies_set_options;

/// `/edge/static`
#[path = "../app/edge/static/route.rs"]
pub mod edge_static;

/// `/errors/proxy-gzip`
#[path = "../app/errors/proxy-gzip/route.rs"]
pub mod errors_proxy_gzip;

/// `/errors/ret`
#[path = "../app/errors/ret/route.rs"]
pub mod errors_ret;

/// `/errors/throw`
#[path = "../app/errors/throw/route.rs"]
pub mod errors_throw;

/// `/files/[name]`
#[path = "../app/files/[name]/route.rs"]
pub mod files_name;

/// `/grouped`
#[path = "../app/(grp)/grouped/route.rs"]
pub mod grouped;

/// `/grouped2/[id]`
#[path = "../app/(grp)/(inner)/grouped2/[id]/route.rs"]
pub mod grouped2_id;

/// `/gsp/catch/[...all]`
#[path = "../app/gsp/catch/[...all]/route.rs"]
pub mod gsp_catch_all;

/// `/gsp/encoded/[slug]`
#[path = "../app/gsp/encoded/[slug]/route.rs"]
pub mod gsp_encoded_slug;

/// `/gsp/post/[slug]`
#[path = "../app/gsp/post/[slug]/route.rs"]
pub mod gsp_post_slug;

/// `/gsp/strict/[slug]`
#[path = "../app/gsp/strict/[slug]/route.rs"]
pub mod gsp_strict_slug;

/// `/gsp/url/[slug]`
#[path = "../app/gsp/url/[slug]/route.rs"]
pub mod gsp_url_slug;

/// `/headers/dump`
#[path = "../app/headers/dump/route.rs"]
pub mod headers_dump;

/// `/headers/dump-fn`
#[path = "../app/headers/dump-fn/route.rs"]
pub mod headers_dump_fn;

/// `/headers/resp`
#[path = "../app/headers/resp/route.rs"]
pub mod headers_resp;

/// `/headers/resp-hop`
#[path = "../app/headers/resp-hop/route.rs"]
pub mod headers_resp_hop;

/// `/`
#[path = "../app/route.rs"]
pub mod index;

/// `/isr/fetch2`
#[path = "../app/isr/fetch2/route.rs"]
pub mod isr_fetch2;

/// `/isr/flaky2`
#[path = "../app/isr/flaky2/route.rs"]
pub mod isr_flaky2;

/// `/methods/get-dynamic`
#[path = "../app/methods/get-dynamic/route.rs"]
pub mod methods_get_dynamic;

/// `/methods/get-head`
#[path = "../app/methods/get-head/route.rs"]
pub mod methods_get_head;

/// `/methods/get-head-static`
#[path = "../app/methods/get-head-static/route.rs"]
pub mod methods_get_head_static;

/// `/methods/get-put-delete`
#[path = "../app/methods/get-put-delete/route.rs"]
pub mod methods_get_put_delete;

/// `/methods/get-static`
#[path = "../app/methods/get-static/route.rs"]
pub mod methods_get_static;

/// `/methods/options-explicit`
#[path = "../app/methods/options-explicit/route.rs"]
pub mod methods_options_explicit;

/// `/nexturl/[[...p]]`
#[path = "../app/nexturl/[[...p]]/route.rs"]
pub mod nexturl_p;

/// `/nr/json`
#[path = "../app/nr/json/route.rs"]
pub mod nr_json;

/// `/params/camel/[mySlug]/[page2]`
#[path = "../app/params/camel/[mySlug]/[page2]/route.rs"]
pub mod params_camel_myslug_page2;

/// `/params/dash/[my-slug]`
#[path = "../app/params/dash/[my-slug]/route.rs"]
pub mod params_dash_my_slug;

/// `/params/deep/[a]/x/[b]/y`
#[path = "../app/params/deep/[a]/x/[b]/y/route.rs"]
pub mod params_deep_a_x_b_y;

/// `/params/nested/[a]/[b]`
#[path = "../app/params/nested/[a]/[b]/route.rs"]
pub mod params_nested_a_b;

/// `/params/opt/[[...slug]]`
#[path = "../app/params/opt/[[...slug]]/route.rs"]
pub mod params_opt_slug;

/// `/params/order/[z]/[a]`
#[path = "../app/params/order/[z]/[a]/route.rs"]
pub mod params_order_z_a;

/// `/params/under/[my_slug]`
#[path = "../app/params/under/[my_slug]/route.rs"]
pub mod params_under_my_slug;

/// `/prec2/[id]`
#[path = "../app/prec2/[id]/route.rs"]
pub mod prec2_id;

/// `/prec3/[x]/b`
#[path = "../app/prec3/[x]/b/route.rs"]
pub mod prec3_x_b;

/// `/prec3/[x]/[y]`
#[path = "../app/prec3/[x]/[y]/route.rs"]
pub mod prec3_x_y;

/// `/prec4/get-only`
#[path = "../app/prec4/get-only/route.rs"]
pub mod prec4_get_only;

/// `/prec4/[id]`
#[path = "../app/prec4/[id]/route.rs"]
pub mod prec4_id;

/// `/prec/[id]`
#[path = "../app/prec/[id]/route.rs"]
pub mod prec_id;

/// `/prec/[id]/edit`
#[path = "../app/prec/[id]/edit/route.rs"]
pub mod prec_id_edit;

/// `/prec/static`
#[path = "../app/prec/static/route.rs"]
pub mod prec_static;

/// `/redirect/fn`
#[path = "../app/redirect/fn/route.rs"]
pub mod redirect_fn;

/// `/redirect/notfound`
#[path = "../app/redirect/notfound/route.rs"]
pub mod redirect_notfound;

/// `/redirect/response`
#[path = "../app/redirect/response/route.rs"]
pub mod redirect_response;

/// `/resp/status/[code]`
#[path = "../app/resp/status/[code]/route.rs"]
pub mod resp_status_code;

/// `/revalidate/path`
#[path = "../app/revalidate/path/route.rs"]
pub mod revalidate_path;

/// `/revalidate/tag`
#[path = "../app/revalidate/tag/route.rs"]
pub mod revalidate_tag;

/// `/robots.txt`
#[path = "../app/robots.txt/route.rs"]
pub mod robots_txt;

/// `/rss.xml`
#[path = "../app/rss.xml/route.rs"]
pub mod rss_xml;

/// `/seed/api-cookies-req`
#[path = "../app/seed/api-cookies-req/route.rs"]
pub mod seed_api_cookies_req;

/// `/seed/api-cookies-req-json`
#[path = "../app/seed/api-cookies-req-json/route.rs"]
pub mod seed_api_cookies_req_json;

/// `/seed/api-cookies-value`
#[path = "../app/seed/api-cookies-value/route.rs"]
pub mod seed_api_cookies_value;

/// `/seed/api-headers`
#[path = "../app/seed/api-headers/route.rs"]
pub mod seed_api_headers;

/// `/seed/api-headers-req`
#[path = "../app/seed/api-headers-req/route.rs"]
pub mod seed_api_headers_req;

/// `/seed/api-redirect`
#[path = "../app/seed/api-redirect/route.rs"]
pub mod seed_api_redirect;

/// `/seed/convention`
#[path = "../app/seed/convention/route.rs"]
pub mod seed_convention;

/// `/seed/edge`
#[path = "../app/seed/edge/route.rs"]
pub mod seed_edge;

/// `/seed/items`
#[path = "../app/seed/items/route.rs"]
pub mod seed_items;

/// `/seed/items-body`
#[path = "../app/seed/items-body/route.rs"]
pub mod seed_items_body;

/// `/seed/items-config`
#[path = "../app/seed/items-config/route.rs"]
pub mod seed_items_config;

/// `/seed/items-post`
#[path = "../app/seed/items-post/route.rs"]
pub mod seed_items_post;

/// `/seed/items-reval-fetch`
#[path = "../app/seed/items-reval-fetch/route.rs"]
pub mod seed_items_reval_fetch;

/// `/seed/items-reval-segment`
#[path = "../app/seed/items-reval-segment/route.rs"]
pub mod seed_items_reval_segment;

/// `/seed/items/[slug]`
#[path = "../app/seed/items/[slug]/route.rs"]
pub mod seed_items_slug;

/// `/seed/items-static`
#[path = "../app/seed/items-static/route.rs"]
pub mod seed_items_static;

/// `/seed/next-extended`
#[path = "../app/seed/next-extended/route.rs"]
pub mod seed_next_extended;

/// `/seed/products/api`
#[path = "../app/seed/products/api/route.rs"]
pub mod seed_products_api;

/// `/seed/streaming`
#[path = "../app/seed/streaming/route.rs"]
pub mod seed_streaming;

/// `/seed/streaming-dynamic`
#[path = "../app/seed/streaming-dynamic/route.rs"]
pub mod seed_streaming_dynamic;

/// `/sitemap.xml`
#[path = "../app/sitemap.xml/route.rs"]
pub mod sitemap_xml;

/// `/static/fc-default-no-store`
#[path = "../app/static/fc-default-no-store/route.rs"]
pub mod static_fc_default_no_store;

/// `/static/fc-force-cache`
#[path = "../app/static/fc-force-cache/route.rs"]
pub mod static_fc_force_cache;

/// `/static/fc-only-no-store`
#[path = "../app/static/fc-only-no-store/route.rs"]
pub mod static_fc_only_no_store;

/// `/static/fetch-after-dynamic`
#[path = "../app/static/fetch-after-dynamic/route.rs"]
pub mod static_fetch_after_dynamic;

/// `/static/fetch-default-dyn`
#[path = "../app/static/fetch-default-dyn/route.rs"]
pub mod static_fetch_default_dyn;

/// `/static/fetch-force-cache`
#[path = "../app/static/fetch-force-cache/route.rs"]
pub mod static_fetch_force_cache;

/// `/static/fetch-nostore`
#[path = "../app/static/fetch-nostore/route.rs"]
pub mod static_fetch_nostore;

/// `/static/fn-headers`
#[path = "../app/static/fn-headers/route.rs"]
pub mod static_fn_headers;

/// `/static/for-path`
#[path = "../app/static/for-path/route.rs"]
pub mod static_for_path;

/// `/static/force-dynamic`
#[path = "../app/static/force-dynamic/route.rs"]
pub mod static_force_dynamic;

/// `/static/force-static-post`
#[path = "../app/static/force-static-post/route.rs"]
pub mod static_force_static_post;

/// `/static/nexturl-pathname`
#[path = "../app/static/nexturl-pathname/route.rs"]
pub mod static_nexturl_pathname;

/// `/static/req-cookies`
#[path = "../app/static/req-cookies/route.rs"]
pub mod static_req_cookies;

/// `/static/req-headers`
#[path = "../app/static/req-headers/route.rs"]
pub mod static_req_headers;

/// `/static/req-url`
#[path = "../app/static/req-url/route.rs"]
pub mod static_req_url;

/// `/static/reval-0`
#[path = "../app/static/reval-0/route.rs"]
pub mod static_reval_0;

/// `/static/reval-false`
#[path = "../app/static/reval-false/route.rs"]
pub mod static_reval_false;

/// `/static/tagged`
#[path = "../app/static/tagged/route.rs"]
pub mod static_tagged;

/// `/static/unused-request`
#[path = "../app/static/unused-request/route.rs"]
pub mod static_unused_request;

/// `/tree/leaf`
#[path = "../app/tree/(mid)/leaf/route.rs"]
pub mod tree_leaf;

/// `/uni/a+b`
#[path = "../app/uni/a+b/route.rs"]
pub mod uni_a_b;

/// `/uni/UPPER`
#[path = "../app/uni/UPPER/route.rs"]
pub mod uni_upper;

/// What the generated binaries call: one constructor a route.
#[doc(hidden)]
#[rustfmt::skip]
pub mod entry {
    use wharf::entry::Route;
    pub use wharf::entry as adapter;

    pub fn api_plain() -> Route {
        Route::new("/api/plain").get(super::api_plain::get)
    }

    pub fn body_get() -> Route {
        Route::new("/body/get").get(super::body_get::get)
    }

    pub fn cached_headers() -> Route {
        Route::new("/cached/headers")
            .get(super::cached_headers::get)
            .dynamic(super::cached_headers::DYNAMIC)
    }

    pub fn cached_large() -> Route {
        Route::new("/cached/large")
            .get(super::cached_large::get)
            .dynamic(super::cached_large::DYNAMIC)
    }

    pub fn cached_noctype() -> Route {
        Route::new("/cached/noctype")
            .get(super::cached_noctype::get)
            .dynamic(super::cached_noctype::DYNAMIC)
    }

    pub fn cached_notfound() -> Route {
        Route::new("/cached/notfound")
            .get(super::cached_notfound::get)
            .dynamic(super::cached_notfound::DYNAMIC)
    }

    pub fn cached_null() -> Route {
        Route::new("/cached/null")
            .get(super::cached_null::get)
            .dynamic(super::cached_null::DYNAMIC)
    }

    pub fn cached_redirect() -> Route {
        Route::new("/cached/redirect")
            .get(super::cached_redirect::get)
            .dynamic(super::cached_redirect::DYNAMIC)
    }

    pub fn cached_s201() -> Route {
        Route::new("/cached/s201")
            .get(super::cached_s201::get)
            .dynamic(super::cached_s201::DYNAMIC)
    }

    pub fn cached_s404() -> Route {
        Route::new("/cached/s404")
            .get(super::cached_s404::get)
            .dynamic(super::cached_s404::DYNAMIC)
    }

    pub fn cached_s418() -> Route {
        Route::new("/cached/s418")
            .get(super::cached_s418::get)
            .dynamic(super::cached_s418::DYNAMIC)
    }

    pub fn cached_s500() -> Route {
        Route::new("/cached/s500")
            .get(super::cached_s500::get)
            .dynamic(super::cached_s500::DYNAMIC)
    }

    pub fn cookies_delete() -> Route {
        Route::new("/cookies/delete")
            .get(super::cookies_delete::get)
    }

    pub fn cookies_iterate() -> Route {
        Route::new("/cookies/iterate")
            .get(super::cookies_iterate::get)
    }

    pub fn cookies_multi_header() -> Route {
        Route::new("/cookies/multi-header")
            .get(super::cookies_multi_header::get)
    }

    pub fn cookies_nested() -> Route {
        Route::new("/cookies/nested")
            .get(super::cookies_nested::get)
    }

    pub fn cookies_res_cookies() -> Route {
        Route::new("/cookies/res-cookies")
            .get(super::cookies_res_cookies::get)
    }

    pub fn cookies_set() -> Route {
        Route::new("/cookies/set").get(super::cookies_set::get)
    }

    pub fn cookies_set_and_header() -> Route {
        Route::new("/cookies/set-and-header")
            .get(super::cookies_set_and_header::get)
    }

    pub fn cookies_set_options() -> Route {
        Route::new("/cookies/set-options")
            .post(super::cookies_set_options::post)
    }

    pub fn edge_static() -> Route {
        Route::new("/edge/static").get(super::edge_static::get)
    }

    pub fn errors_proxy_gzip() -> Route {
        Route::new("/errors/proxy-gzip")
            .get(super::errors_proxy_gzip::get)
    }

    pub fn errors_ret() -> Route {
        Route::new("/errors/ret").get(super::errors_ret::get)
    }

    pub fn errors_throw() -> Route {
        Route::new("/errors/throw")
            .get(super::errors_throw::get)
            .post(super::errors_throw::post)
    }

    pub fn files_name() -> Route {
        Route::new("/files/[name]").get(super::files_name::get)
    }

    pub fn grouped() -> Route {
        Route::new("/grouped").get(super::grouped::get)
    }

    pub fn grouped2_id() -> Route {
        Route::new("/grouped2/[id]").get(super::grouped2_id::get)
    }

    pub fn gsp_catch_all() -> Route {
        Route::new("/gsp/catch/[...all]")
            .get(super::gsp_catch_all::get)
            .static_params(super::gsp_catch_all::generate_static_params)
    }

    pub fn gsp_encoded_slug() -> Route {
        Route::new("/gsp/encoded/[slug]")
            .get(super::gsp_encoded_slug::get)
            .static_params(super::gsp_encoded_slug::generate_static_params)
    }

    pub fn gsp_post_slug() -> Route {
        Route::new("/gsp/post/[slug]")
            .get(super::gsp_post_slug::get)
            .post(super::gsp_post_slug::post)
            .static_params(super::gsp_post_slug::generate_static_params)
    }

    pub fn gsp_strict_slug() -> Route {
        Route::new("/gsp/strict/[slug]")
            .get(super::gsp_strict_slug::get)
            .dynamic_params(super::gsp_strict_slug::DYNAMIC_PARAMS)
            .static_params(super::gsp_strict_slug::generate_static_params)
    }

    pub fn gsp_url_slug() -> Route {
        Route::new("/gsp/url/[slug]")
            .get(super::gsp_url_slug::get)
            .dynamic(super::gsp_url_slug::DYNAMIC)
            .static_params(super::gsp_url_slug::generate_static_params)
    }

    pub fn headers_dump() -> Route {
        Route::new("/headers/dump").get(super::headers_dump::get)
    }

    pub fn headers_dump_fn() -> Route {
        Route::new("/headers/dump-fn")
            .get(super::headers_dump_fn::get)
    }

    pub fn headers_resp() -> Route {
        Route::new("/headers/resp").get(super::headers_resp::get)
    }

    pub fn headers_resp_hop() -> Route {
        Route::new("/headers/resp-hop")
            .get(super::headers_resp_hop::get)
    }

    pub fn index() -> Route {
        Route::new("/").get(super::index::get)
    }

    pub fn isr_fetch2() -> Route {
        Route::new("/isr/fetch2").get(super::isr_fetch2::get)
    }

    pub fn isr_flaky2() -> Route {
        Route::new("/isr/flaky2")
            .get(super::isr_flaky2::get)
            .revalidate(super::isr_flaky2::REVALIDATE)
    }

    pub fn methods_get_dynamic() -> Route {
        Route::new("/methods/get-dynamic")
            .get(super::methods_get_dynamic::get)
    }

    pub fn methods_get_head() -> Route {
        Route::new("/methods/get-head")
            .get(super::methods_get_head::get)
            .head(super::methods_get_head::head)
    }

    pub fn methods_get_head_static() -> Route {
        Route::new("/methods/get-head-static")
            .get(super::methods_get_head_static::get)
            .head(super::methods_get_head_static::head)
    }

    pub fn methods_get_put_delete() -> Route {
        Route::new("/methods/get-put-delete")
            .delete(super::methods_get_put_delete::delete)
            .get(super::methods_get_put_delete::get)
            .put(super::methods_get_put_delete::put)
    }

    pub fn methods_get_static() -> Route {
        Route::new("/methods/get-static")
            .get(super::methods_get_static::get)
    }

    pub fn methods_options_explicit() -> Route {
        Route::new("/methods/options-explicit")
            .get(super::methods_options_explicit::get)
            .options(super::methods_options_explicit::options)
    }

    pub fn nexturl_p() -> Route {
        Route::new("/nexturl/[[...p]]").get(super::nexturl_p::get)
    }

    pub fn nr_json() -> Route {
        Route::new("/nr/json").get(super::nr_json::get)
    }

    pub fn params_camel_myslug_page2() -> Route {
        Route::new("/params/camel/[mySlug]/[page2]")
            .get(super::params_camel_myslug_page2::get)
    }

    pub fn params_dash_my_slug() -> Route {
        Route::new("/params/dash/[my-slug]")
            .get(super::params_dash_my_slug::get)
    }

    pub fn params_deep_a_x_b_y() -> Route {
        Route::new("/params/deep/[a]/x/[b]/y")
            .get(super::params_deep_a_x_b_y::get)
    }

    pub fn params_nested_a_b() -> Route {
        Route::new("/params/nested/[a]/[b]")
            .get(super::params_nested_a_b::get)
    }

    pub fn params_opt_slug() -> Route {
        Route::new("/params/opt/[[...slug]]")
            .get(super::params_opt_slug::get)
    }

    pub fn params_order_z_a() -> Route {
        Route::new("/params/order/[z]/[a]")
            .get(super::params_order_z_a::get)
    }

    pub fn params_under_my_slug() -> Route {
        Route::new("/params/under/[my_slug]")
            .get(super::params_under_my_slug::get)
    }

    pub fn prec2_id() -> Route {
        Route::new("/prec2/[id]").get(super::prec2_id::get)
    }

    pub fn prec3_x_b() -> Route {
        Route::new("/prec3/[x]/b").get(super::prec3_x_b::get)
    }

    pub fn prec3_x_y() -> Route {
        Route::new("/prec3/[x]/[y]").get(super::prec3_x_y::get)
    }

    pub fn prec4_get_only() -> Route {
        Route::new("/prec4/get-only")
            .get(super::prec4_get_only::get)
    }

    pub fn prec4_id() -> Route {
        Route::new("/prec4/[id]").post(super::prec4_id::post)
    }

    pub fn prec_id() -> Route {
        Route::new("/prec/[id]").get(super::prec_id::get)
    }

    pub fn prec_id_edit() -> Route {
        Route::new("/prec/[id]/edit").get(super::prec_id_edit::get)
    }

    pub fn prec_static() -> Route {
        Route::new("/prec/static").get(super::prec_static::get)
    }

    pub fn redirect_fn() -> Route {
        Route::new("/redirect/fn")
            .delete(super::redirect_fn::delete)
            .get(super::redirect_fn::get)
            .patch(super::redirect_fn::patch)
            .post(super::redirect_fn::post)
            .put(super::redirect_fn::put)
    }

    pub fn redirect_notfound() -> Route {
        Route::new("/redirect/notfound")
            .get(super::redirect_notfound::get)
            .post(super::redirect_notfound::post)
    }

    pub fn redirect_response() -> Route {
        Route::new("/redirect/response")
            .get(super::redirect_response::get)
    }

    pub fn resp_status_code() -> Route {
        Route::new("/resp/status/[code]")
            .get(super::resp_status_code::get)
            .post(super::resp_status_code::post)
    }

    pub fn revalidate_path() -> Route {
        Route::new("/revalidate/path")
            .post(super::revalidate_path::post)
    }

    pub fn revalidate_tag() -> Route {
        Route::new("/revalidate/tag")
            .post(super::revalidate_tag::post)
    }

    pub fn robots_txt() -> Route {
        Route::new("/robots.txt").get(super::robots_txt::get)
    }

    pub fn rss_xml() -> Route {
        Route::new("/rss.xml").get(super::rss_xml::get)
    }

    pub fn seed_api_cookies_req() -> Route {
        Route::new("/seed/api-cookies-req")
            .get(super::seed_api_cookies_req::get)
    }

    pub fn seed_api_cookies_req_json() -> Route {
        Route::new("/seed/api-cookies-req-json")
            .get(super::seed_api_cookies_req_json::get)
    }

    pub fn seed_api_cookies_value() -> Route {
        Route::new("/seed/api-cookies-value")
            .get(super::seed_api_cookies_value::get)
    }

    pub fn seed_api_headers() -> Route {
        Route::new("/seed/api-headers")
            .get(super::seed_api_headers::get)
    }

    pub fn seed_api_headers_req() -> Route {
        Route::new("/seed/api-headers-req")
            .get(super::seed_api_headers_req::get)
    }

    pub fn seed_api_redirect() -> Route {
        Route::new("/seed/api-redirect")
            .get(super::seed_api_redirect::get)
    }

    pub fn seed_convention() -> Route {
        Route::new("/seed/convention")
            .get(super::seed_convention::get)
    }

    pub fn seed_edge() -> Route {
        Route::new("/seed/edge")
            .get(super::seed_edge::get)
            .post(super::seed_edge::post)
    }

    pub fn seed_items() -> Route {
        Route::new("/seed/items")
            .get(super::seed_items::get)
            .post(super::seed_items::post)
    }

    pub fn seed_items_body() -> Route {
        Route::new("/seed/items-body")
            .post(super::seed_items_body::post)
    }

    pub fn seed_items_config() -> Route {
        Route::new("/seed/items-config")
            .get(super::seed_items_config::get)
            .dynamic(super::seed_items_config::DYNAMIC)
            .dynamic_params(super::seed_items_config::DYNAMIC_PARAMS)
            .revalidate(super::seed_items_config::REVALIDATE)
            .fetch_cache(super::seed_items_config::FETCH_CACHE)
            .runtime(super::seed_items_config::RUNTIME)
            .preferred_region(super::seed_items_config::PREFERRED_REGION)
    }

    pub fn seed_items_post() -> Route {
        Route::new("/seed/items-post")
            .post(super::seed_items_post::post)
    }

    pub fn seed_items_reval_fetch() -> Route {
        Route::new("/seed/items-reval-fetch")
            .get(super::seed_items_reval_fetch::get)
    }

    pub fn seed_items_reval_segment() -> Route {
        Route::new("/seed/items-reval-segment")
            .get(super::seed_items_reval_segment::get)
            .revalidate(super::seed_items_reval_segment::REVALIDATE)
    }

    pub fn seed_items_slug() -> Route {
        Route::new("/seed/items/[slug]")
            .get(super::seed_items_slug::get)
    }

    pub fn seed_items_static() -> Route {
        Route::new("/seed/items-static")
            .get(super::seed_items_static::get)
    }

    pub fn seed_next_extended() -> Route {
        Route::new("/seed/next-extended")
            .get(super::seed_next_extended::get)
    }

    pub fn seed_products_api() -> Route {
        Route::new("/seed/products/api")
            .get(super::seed_products_api::get)
    }

    pub fn seed_streaming() -> Route {
        Route::new("/seed/streaming")
            .get(super::seed_streaming::get)
    }

    pub fn seed_streaming_dynamic() -> Route {
        Route::new("/seed/streaming-dynamic")
            .get(super::seed_streaming_dynamic::get)
            .dynamic(super::seed_streaming_dynamic::DYNAMIC)
    }

    pub fn sitemap_xml() -> Route {
        Route::new("/sitemap.xml").get(super::sitemap_xml::get)
    }

    pub fn static_fc_default_no_store() -> Route {
        Route::new("/static/fc-default-no-store")
            .get(super::static_fc_default_no_store::get)
            .fetch_cache(super::static_fc_default_no_store::FETCH_CACHE)
    }

    pub fn static_fc_force_cache() -> Route {
        Route::new("/static/fc-force-cache")
            .get(super::static_fc_force_cache::get)
            .dynamic(super::static_fc_force_cache::DYNAMIC)
            .fetch_cache(super::static_fc_force_cache::FETCH_CACHE)
    }

    pub fn static_fc_only_no_store() -> Route {
        Route::new("/static/fc-only-no-store")
            .get(super::static_fc_only_no_store::get)
            .fetch_cache(super::static_fc_only_no_store::FETCH_CACHE)
    }

    pub fn static_fetch_after_dynamic() -> Route {
        Route::new("/static/fetch-after-dynamic")
            .get(super::static_fetch_after_dynamic::get)
    }

    pub fn static_fetch_default_dyn() -> Route {
        Route::new("/static/fetch-default-dyn")
            .get(super::static_fetch_default_dyn::get)
            .dynamic(super::static_fetch_default_dyn::DYNAMIC)
    }

    pub fn static_fetch_force_cache() -> Route {
        Route::new("/static/fetch-force-cache")
            .get(super::static_fetch_force_cache::get)
    }

    pub fn static_fetch_nostore() -> Route {
        Route::new("/static/fetch-nostore")
            .get(super::static_fetch_nostore::get)
    }

    pub fn static_fn_headers() -> Route {
        Route::new("/static/fn-headers")
            .get(super::static_fn_headers::get)
    }

    pub fn static_for_path() -> Route {
        Route::new("/static/for-path")
            .get(super::static_for_path::get)
            .dynamic(super::static_for_path::DYNAMIC)
    }

    pub fn static_force_dynamic() -> Route {
        Route::new("/static/force-dynamic")
            .get(super::static_force_dynamic::get)
            .dynamic(super::static_force_dynamic::DYNAMIC)
    }

    pub fn static_force_static_post() -> Route {
        Route::new("/static/force-static-post")
            .get(super::static_force_static_post::get)
            .post(super::static_force_static_post::post)
            .dynamic(super::static_force_static_post::DYNAMIC)
    }

    pub fn static_nexturl_pathname() -> Route {
        Route::new("/static/nexturl-pathname")
            .get(super::static_nexturl_pathname::get)
    }

    pub fn static_req_cookies() -> Route {
        Route::new("/static/req-cookies")
            .get(super::static_req_cookies::get)
    }

    pub fn static_req_headers() -> Route {
        Route::new("/static/req-headers")
            .get(super::static_req_headers::get)
    }

    pub fn static_req_url() -> Route {
        Route::new("/static/req-url")
            .get(super::static_req_url::get)
    }

    pub fn static_reval_0() -> Route {
        Route::new("/static/reval-0")
            .get(super::static_reval_0::get)
            .revalidate(super::static_reval_0::REVALIDATE)
    }

    pub fn static_reval_false() -> Route {
        Route::new("/static/reval-false")
            .get(super::static_reval_false::get)
            .revalidate(super::static_reval_false::REVALIDATE)
    }

    pub fn static_tagged() -> Route {
        Route::new("/static/tagged").get(super::static_tagged::get)
    }

    pub fn static_unused_request() -> Route {
        Route::new("/static/unused-request")
            .get(super::static_unused_request::get)
    }

    pub fn tree_leaf() -> Route {
        Route::new("/tree/leaf").get(super::tree_leaf::get)
    }

    pub fn uni_a_b() -> Route {
        Route::new("/uni/a+b").get(super::uni_a_b::get)
    }

    pub fn uni_upper() -> Route {
        Route::new("/uni/UPPER").get(super::uni_upper::get)
    }
}
