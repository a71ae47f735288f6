//! The routes of this app. Written by `cargo bundle` from the app directory; do not edit, but do commit it.
//!
//! `cargo bundle --check` fails when it is stale.

/// `/2024`
#[path = "../app/2024/route.rs"]
pub mod _2024;

/// `/account`
#[path = "../app/account/route.rs"]
pub mod account;

/// `/api`
#[path = "../app/api/route.rs"]
#[allow(non_snake_case)]
pub mod api;

/// `/api/bestsellers`
#[path = "../app/api/bestsellers/route.rs"]
pub mod api_bestsellers;

/// `/api/books`
#[path = "../app/api/books/route.rs"]
pub mod api_books;

/// `/api/cart`
#[path = "../app/api/cart/route.rs"]
pub mod api_cart;

/// `/api/contact`
#[path = "../app/api/contact/route.rs"]
pub mod api_contact;

/// `/api/export.csv`
#[path = "../app/api/export.csv/route.rs"]
pub mod api_export_csv;

/// `/api/locale`
#[path = "../app/api/locale/route.rs"]
pub mod api_locale;

/// `/api/notes`
#[path = "../app/api/notes/route.rs"]
pub mod api_notes;

/// `/api/opening-hours`
#[path = "../app/api/opening-hours/route.rs"]
pub mod api_opening_hours;

/// `/api/orders`
#[path = "../app/api/orders/route.rs"]
pub mod api_orders;

/// `/api/pick`
#[path = "../app/api/pick/route.rs"]
pub mod api_pick;

/// `/api/posts`
#[path = "../app/api/posts/route.rs"]
pub mod api_posts;

/// `/api/prices`
#[path = "../app/api/prices/route.rs"]
pub mod api_prices;

/// `/api/product`
#[path = "../app/api/product/route.rs"]
pub mod api_product;

/// `/api/recommend`
#[path = "../app/api/recommend/route.rs"]
pub mod api_recommend;

/// `/api/revalidate`
#[path = "../app/api/revalidate/route.rs"]
pub mod api_revalidate;

/// `/api/search`
#[path = "../app/api/search/route.rs"]
pub mod api_search;

/// `/api/stock/[slug]`
#[path = "../app/api/stock/[slug]/route.rs"]
pub mod api_stock_slug;

/// `/authors/[name]`
#[path = "../app/authors/[name]/route.rs"]
pub mod authors_name;

/// `/blog`
#[path = "../app/blog/route.rs"]
pub mod blog;

/// `/catalogue`
#[path = "../app/catalogue/route.rs"]
pub mod catalogue;

/// `/cover.png`
#[path = "../app/cover.png/route.rs"]
pub mod cover_png;

/// `/docs/[...path]`
#[path = "../app/docs/[...path]/route.rs"]
pub mod docs_path;

/// `/items/[slug]`
#[path = "../app/items/[slug]/route.rs"]
pub mod items_slug;

/// `/reports/[decade]`
#[path = "../app/reports/[decade]/route.rs"]
pub mod reports_decade;

/// `/robots.txt`
#[path = "../app/(site)/robots.txt/route.rs"]
pub mod robots_txt;

/// `/rss.xml`
#[path = "../app/(site)/rss.xml/route.rs"]
pub mod rss_xml;

/// `/shelves/[floor]/[number]`
#[path = "../app/shelves/[floor]/[number]/route.rs"]
pub mod shelves_floor_number;

/// `/shop/[[...filters]]`
#[path = "../app/shop/[[...filters]]/route.rs"]
pub mod shop_filters;

/// `/sitemap.xml`
#[path = "../app/(site)/sitemap.xml/route.rs"]
pub mod sitemap_xml;

/// `/type`
#[path = "../app/type/route.rs"]
pub mod type_;

/// What the generated binaries call: one constructor a route.
#[doc(hidden)]
#[rustfmt::skip]
pub mod entry {
    use wharf::entry::Route;
    pub use wharf::entry as adapter;

    pub fn _2024() -> Route {
        Route::new("/2024").get(super::_2024::get)
    }

    pub fn account() -> Route {
        Route::new("/account").get(super::account::get)
    }

    pub fn api() -> Route {
        Route::new("/api").get(super::api::GET)
    }

    pub fn api_bestsellers() -> Route {
        Route::new("/api/bestsellers")
            .get(super::api_bestsellers::get)
            .revalidate(super::api_bestsellers::REVALIDATE)
    }

    pub fn api_books() -> Route {
        Route::new("/api/books").get(super::api_books::get)
    }

    pub fn api_cart() -> Route {
        Route::new("/api/cart")
            .delete(super::api_cart::delete)
            .get(super::api_cart::get)
            .post(super::api_cart::post)
    }

    pub fn api_contact() -> Route {
        Route::new("/api/contact").post(super::api_contact::post)
    }

    pub fn api_export_csv() -> Route {
        Route::new("/api/export.csv")
            .get(super::api_export_csv::get)
            .head(super::api_export_csv::head)
    }

    pub fn api_locale() -> Route {
        Route::new("/api/locale").get(super::api_locale::get)
    }

    pub fn api_notes() -> Route {
        Route::new("/api/notes").post(super::api_notes::post)
    }

    pub fn api_opening_hours() -> Route {
        Route::new("/api/opening-hours")
            .get(super::api_opening_hours::get)
            .dynamic(super::api_opening_hours::DYNAMIC)
    }

    pub fn api_orders() -> Route {
        Route::new("/api/orders").post(super::api_orders::post)
    }

    pub fn api_pick() -> Route {
        Route::new("/api/pick")
            .get(super::api_pick::get)
            .revalidate(super::api_pick::REVALIDATE)
    }

    pub fn api_posts() -> Route {
        Route::new("/api/posts").get(super::api_posts::get)
    }

    pub fn api_prices() -> Route {
        Route::new("/api/prices")
            .get(super::api_prices::get)
            .options(super::api_prices::options)
    }

    pub fn api_product() -> Route {
        Route::new("/api/product").get(super::api_product::get)
    }

    pub fn api_recommend() -> Route {
        Route::new("/api/recommend")
            .get(super::api_recommend::get)
            .streaming(super::api_recommend::STREAMING)
    }

    pub fn api_revalidate() -> Route {
        Route::new("/api/revalidate")
            .post(super::api_revalidate::post)
    }

    pub fn api_search() -> Route {
        Route::new("/api/search").get(super::api_search::get)
    }

    pub fn api_stock_slug() -> Route {
        Route::new("/api/stock/[slug]")
            .get(super::api_stock_slug::get)
    }

    pub fn authors_name() -> Route {
        Route::new("/authors/[name]")
            .get(super::authors_name::get)
            .dynamic_params(super::authors_name::DYNAMIC_PARAMS)
            .revalidate(super::authors_name::REVALIDATE)
            .static_params(|| async { super::authors_name::generate_static_params() })
    }

    pub fn blog() -> Route {
        Route::new("/blog").get(super::blog::get)
    }

    pub fn catalogue() -> Route {
        Route::new("/catalogue").get(super::catalogue::get)
    }

    pub fn cover_png() -> Route {
        Route::new("/cover.png").get(super::cover_png::get)
    }

    pub fn docs_path() -> Route {
        Route::new("/docs/[...path]").get(super::docs_path::get)
    }

    pub fn items_slug() -> Route {
        Route::new("/items/[slug]")
            .delete(super::items_slug::delete)
            .get(super::items_slug::get)
            .patch(super::items_slug::patch)
            .put(super::items_slug::put)
            .static_params(super::items_slug::generate_static_params)
    }

    pub fn reports_decade() -> Route {
        Route::new("/reports/[decade]")
            .get(super::reports_decade::get)
            .dynamic(super::reports_decade::DYNAMIC)
            .dynamic_params(super::reports_decade::DYNAMIC_PARAMS)
            .revalidate(super::reports_decade::REVALIDATE)
            .fetch_cache(super::reports_decade::FETCH_CACHE)
            .runtime(super::reports_decade::RUNTIME)
            .preferred_region(super::reports_decade::PREFERRED_REGION)
            .max_duration(super::reports_decade::MAX_DURATION)
            .memory(super::reports_decade::MEMORY)
            .static_params(super::reports_decade::generate_static_params)
    }

    pub fn robots_txt() -> Route {
        Route::new("/robots.txt").get(super::robots_txt::get)
    }

    pub fn rss_xml() -> Route {
        Route::new("/rss.xml").get(super::rss_xml::get)
    }

    pub fn shelves_floor_number() -> Route {
        Route::new("/shelves/[floor]/[number]")
            .get(super::shelves_floor_number::get)
    }

    pub fn shop_filters() -> Route {
        Route::new("/shop/[[...filters]]")
            .get(super::shop_filters::get)
    }

    pub fn sitemap_xml() -> Route {
        Route::new("/sitemap.xml")
            .get(super::sitemap_xml::get)
            .dynamic(super::sitemap_xml::DYNAMIC)
    }

    pub fn type_() -> Route {
        Route::new("/type").get(super::type_::get)
    }
}
