// Who answers a request: an object in S3, the HTTP API, the Function URL of a route that streams, or this function
// itself. It runs for every request of a viewer as a CloudFront Function of runtime cloudfront-js-2.0, which knows
// ECMAScript 5.1 and a little more: no `for…of`, no destructuring, no spread, no classes, no `await` in arguments.
//
// ../README.md says how it decides. Comments are left out of the bundled file.
import cf from 'cloudfront';

// What is known of the app, filled in by `cargo bundle`: whether there is an API at all, and the routes that stream
// with those that win over them, in match order. A route is a pattern of normal paths and the ID of an origin.
const HAS_API = true;
const ROUTES = [];

// The API refuses requests with more than 10,240 bytes of request line and headers. CloudFront adds some of its own.
const MOST_HEADER_BYTES = 10240 - 512;

// What an object depends on. Nothing else reaches S3, where `x-amz-*` headers of a viewer would change the answer.
const READ_BY_S3 = /^(host|via|content-length|transfer-encoding|accept-encoding|range|if-range|if-none-match|if-modified-since)$/;

// What only CloudFront and this function may say: the functions believe what comes with the origin secret.
const NOT_FOR_VIEWERS = /^(x-wharf-.*|cloudfront-.*|forwarded(-for)?|x-forwarded(-.*)?|x-original-.*|x-host|x-http-host-override|(x-real|x-client|x-cluster-client|true-client|fastly-client|client)-ip|cf-connecting-ip(v6)?|x-rewrite-url|x-url-scheme|x-scheme|front-end-https)$/;

const store = cf.kvs();

async function handler(event) {
    const request = event.request;
    removeHeaders(request.headers, name => NOT_FOR_VIEWERS.test(name));
    const path = read(request.uri);
    if (!path) {
        return answer(400);
    }
    if (path.hasEmptyParts) {
        return answer(308, 'location', path.sent + query(request).replace(/[^!-~]+/g, encodeURIComponent));
    }
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const value = await stored(path.normal);
    const entry = JSON.parse(value || '{}');
    if (entry.m) {
        // No function stands behind it.
        return isRead ? objectOf(entry, request) : answer(request.method === 'OPTIONS' ? 204 : 405, 'allow', entry.m);
    }
    if (isRead) {
        const stamp = await newestStamp(path.normal, entry.t || []);
        if (stamp) {
            request.headers['x-wharf-revalidated'] = {value: String(stamp)};
        } else if (entry.k) {
            return objectOf(entry, request);
        }
    }
    return fromFunction(path.normal, request);
}

// The path as an object, a route and the store know it: split on `/`, then each part is decoded once and encoded
// again. `null` when it is malformed. The adapter reads paths by the same rules.
function read(uri) {
    const path = {normal: '', sent: '', hasEmptyParts: false};
    const parts = uri === '/' ? [] : uri.replace(/^\//, '').split('/');
    for (let index = 0; index < parts.length; index++) {
        const part = parts[index];
        if (part === '') {
            path.hasEmptyParts = true;
            continue;
        }
        let decoded;
        try {
            decoded = decodeURIComponent(part);
        } catch (error) {
            return null;
        }
        if (decoded === '.' || decoded === '..' || decoded.indexOf('\u0000') !== -1) {
            return null;
        }
        path.normal += '/' + encodeURIComponent(decoded).replace(/%(24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent);
        path.sent += '/' + part.replace(/[^!$-;=@-Z_a-z~]+/g, encodeURIComponent);
    }
    path.normal = path.normal || '/';
    path.sent = path.sent || '/';
    return path;
}

async function stored(key) {
    try {
        return await store.get(key);
    } catch (error) {
        // There is no such key.
        return '';
    }
}

// When this path, or a tag that it was made from, was last revalidated: milliseconds since 1970, or 0.
async function newestStamp(path, tags) {
    const subjects = ['path:' + path].concat(tags.map(tag => 'tag:' + encodeURIComponent(tag)));
    let newest = 0;
    for (let index = 0; index < subjects.length; index++) {
        const stamp = await stored(slotOf(subjects[index]));
        // What no clock can have said would send every request to the origin, for ever.
        if (/^[0-9]{1,15}$/.test(stamp) && Number(stamp) <= Date.now() + 3600000) {
            newest = Math.max(newest, Number(stamp));
        }
    }
    return newest;
}

// The key of the stamp: paths and tags share 8,192 of them, so that the store never fills. The crate `wharf` chooses by
// the same rule: FNV-1a of 32 bits over the last 512 characters, all ASCII, folded to 13 bits.
function slotOf(subject) {
    const hashed = subject.slice(-512);
    let hash = 0x811c9dc5;
    for (let index = 0; index < hashed.length; index++) {
        hash ^= hashed.charCodeAt(index);
        hash = (hash + (hash << 1) + (hash << 4) + (hash << 7) + (hash << 8) + (hash << 24)) >>> 0;
    }
    return 'stamp:' + ('000' + ((hash ^ (hash >>> 13)) & 8191).toString(16)).slice(-4);
}

function objectOf(entry, request) {
    removeHeaders(request.headers, name => !READ_BY_S3.test(name));
    request.uri = '/' + entry.k;
    request.querystring = {};
    request.cookies = {};
    // It is part of the cache key, and no viewer can send it: what the API answers at this URI is another entry.
    request.headers['x-wharf-revalidated'] = {value: 'never'};
    cf.selectRequestOriginById('objects');
    return request;
}

function fromFunction(path, request) {
    const route = ROUTES.find(route => route[0].test(path));
    const origin = route ? route[1] : 'api';
    if (origin === 'api' && !HAS_API) {
        return answer(404);
    }
    request.headers['x-forwarded-host'] = {value: request.headers.host.value};
    if (origin === 'api' && headerBytes(request) > MOST_HEADER_BYTES) {
        return answer(431);
    }
    cf.selectRequestOriginById(origin);
    return request;
}

function headerBytes(request) {
    let bytes = request.method.length + request.uri.length + query(request).length;
    const count = (fields, separators) => Object.keys(fields).forEach(name => {
        const values = fields[name].multiValue || [fields[name]];
        values.forEach(value => {
            bytes += name.length + value.value.length + separators;
        });
    });
    count(request.headers, 4);
    count(request.cookies, 3);
    return bytes;
}

function removeHeaders(headers, isRemoved) {
    Object.keys(headers).filter(isRemoved).forEach(name => {
        delete headers[name];
    });
}

// The query as it was sent, with its `?`.
function query(request) {
    const raw = request.rawQueryString();
    return raw ? '?' + raw : '';
}

// As the adapter answers without a handler.
function answer(status, name, value) {
    const headers = {'cache-control': {value: 'private, no-store'}};
    if (name) {
        headers[name] = {value: value};
    }
    return {statusCode: status, headers: headers};
}
