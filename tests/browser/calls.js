// Makes all calls of a list, a few at a time, and reports what could be read of each.
async function make(calls, atOnce) {
    const results = {}, used = [0, {}, ""];
    const wait = milliseconds => new Promise(done => setTimeout(done, milliseconds));
    const loaded = element => new Promise((done, fail) => {
        element.onload = () => done(used);
        element.onerror = fail;
        document.documentElement.append(element);
    });
    function element(tag, properties, crossOrigin, attribute, url) {
        const made = Object.assign(document.createElement(tag), properties, crossOrigin ? {crossOrigin} : {});
        made[attribute] = url;
        return loaded(made);
    }
    const kinds = {
        async fetch(url, init) {
            const answer = await fetch(url, init);
            return [answer.status, Object.fromEntries(answer.headers), await answer.text()];
        },
        // The same call again, and then with a header more: what of it is in the cache of preflights?
        async repeated(url, init) {
            for (let count = 0; count < 2; count++) await kinds.fetch(url, init).catch(() => 0);
            return kinds.fetch(url, {...init, headers: [...init.headers, ["X-Other", "2"]]});
        },
        upload: (url, init) => new Promise((done, fail) => {
            const xhr = new XMLHttpRequest();
            xhr.open(init.method, url);
            for (const header of init.headers) xhr.setRequestHeader(...header);
            xhr.withCredentials = init.credentials == "include";
            xhr.upload.onprogress = () => 0;
            xhr.onerror = fail;
            xhr.onload = () => {
                const lines = xhr.getAllResponseHeaders().split(String.fromCharCode(13, 10)).slice(0, -1);
                done([xhr.status, Object.fromEntries(lines.map(line => line.split(": "))), xhr.responseText]);
            };
            xhr.send(init.body);
        }),
        stream: (url, init, opens) => new Promise((done, fail) => {
            const source = new EventSource(url, {withCredentials: init.credentials == "include"});
            source.onopen = () => { if (!--opens) { source.close(); done(used); } };
            source.onerror = () => { if (source.readyState == 2) fail(); };
            setTimeout(() => { source.close(); fail(); }, 3000);
        }),
        events: (url, init) => kinds.stream(url, init, 1),
        resumed: (url, init) => kinds.stream(url, init, 2),
        async beacon(url, init, crossOrigin, type) {
            navigator.sendBeacon(url, type ? new Blob([init.body], {type}) : init.body);
            await wait(1000);
            return used;
        },
        image: (url, init, crossOrigin) => element("img", {}, crossOrigin, "src", url),
        script: (url, init, crossOrigin) => element("script", {}, crossOrigin, "src", url),
        module: (url, init, crossOrigin) => element("script", {type: "module"}, crossOrigin, "src", url),
        style: (url, init, crossOrigin) => element("link", {rel: "stylesheet"}, crossOrigin, "href", url),
        async font(url) {
            await new FontFace("tea", "url(" + url + ")").load().catch(() => 0);
            return used;
        },
    };
    async function one([number, again, kind, url, ...rest]) {
        results[number] = await kinds[kind](url, ...rest).catch(() => null);
        // A second call, to see which cookies the first has left.
        if (again) await fetch(url + "&again", {mode: "no-cors", credentials: "include"}).catch(() => null);
    }
    const queue = calls.slice();
    async function work() { while (queue.length) await one(queue.shift()); }
    await Promise.all(Array.from({length: atOnce}, work));
    return results;
}
