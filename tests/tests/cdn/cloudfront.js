// What CloudFront gives a function of runtime 2.0 and does with what it returns, as far as AWS documents it. The text
// of the function stands behind this one, without its import.
'use strict';

const READ_ONLY = ['host', 'via', 'content-length', 'transfer-encoding'];
let entries = {};
let origins = [];
let selected = null;

const cf = {
    kvs: () => ({
        get: async key => {
            if (!Object.prototype.hasOwnProperty.call(entries, key)) {
                throw new Error('KeyNotFound');
            }
            return entries[key];
        },
    }),
    selectRequestOriginById: id => {
        if (!origins.includes(id)) {
            throw new Error(`the distribution has no origin ${id}`);
        }
        selected = id;
    },
};

globalThis.associate = text => {
    const store = JSON.parse(text);
    entries = {};
    store.data.forEach(entry => { entries[entry.key] = entry.value; });
    origins = store.origins;
};

globalThis.decide = async text => {
    const {request, query} = JSON.parse(text);
    const before = JSON.parse(text).request;
    // No property, so that it is no part of what is returned.
    Object.setPrototypeOf(request, {rawQueryString: () => query === null ? undefined : query});
    selected = null;
    const returned = await handler({
        version: '1.0',
        context: {eventType: 'viewer-request', requestId: 'x'},
        viewer: {ip: '203.0.113.7'},
        request,
    });
    if (!('statusCode' in returned)) {
        const same = name => JSON.stringify(before.headers[name]) === JSON.stringify(returned.headers[name]);
        if (returned.method !== before.method || returned.uri[0] !== '/' || !READ_ONLY.every(same)) {
            throw new Error(`CloudFront refuses ${JSON.stringify(returned)}`);
        }
    }
    return JSON.stringify({selected, returned});
};
