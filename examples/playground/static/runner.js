// The page that calls: a frame of the chosen origin.
// It calls the server of the playground, and nothing else, for its parent, and for no other page.
"use strict";

const setup = JSON.parse(document.getElementById("setup").textContent);

addEventListener("message", (event) => {
  const isPlayground = event.source === parent && setup.pages.includes(event.origin);
  if (!isPlayground || event.ports.length !== 1) return;
  const [port] = event.ports;
  port.onmessage = async ({ data }) => port.postMessage(await call(data.url, data.init));
});

async function call(url, init) {
  if (!setup.api.includes(new URL(url).origin)) return { error: "This frame calls the server of the playground only." };
  try {
    return { read: await read(await fetch(url, init)) };
  } catch (error) {
    return { error: String(error) };
  }
}

async function read(response) {
  return { status: response.status, headers: [...response.headers], body: await response.text() };
}
