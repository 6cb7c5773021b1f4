// What the protocols' own packages read: {protocol: {scenario: bytes as text}} on stdin, {protocol: {scenario: seen}} on stdout.
// Nothing is sent anywhere: each package gets a `fetch` that answers with the text.
import { HttpAgent } from "@ag-ui/client";
import { EventSchemas } from "@ag-ui/core/schemas";
import { DefaultChatTransport, readUIMessageStream } from "ai";
import OpenAI from "openai";

const replying = (text) => async () =>
  new Response(text, { status: 200, headers: { "content-type": "text/event-stream" } });

const jsons = (text) =>
  text.split("\n").filter((line) => line.startsWith("data: {")).map((line) => JSON.parse(line.slice(6)));

async function vercel_ui(text) {
  const transport = new DefaultChatTransport({ api: "http://127.0.0.1/", fetch: replying(text) });
  const question = { id: "1", role: "user", parts: [{ type: "text", text: "hi" }] };
  const stream = await transport.sendMessages({ chatId: "1", trigger: "submit-message", messages: [question] });
  const [seen, chunks] = stream.tee();
  const errors = [];
  let message;
  for await (message of readUIMessageStream({ stream: seen, onError: (error) => errors.push(error.message) }));
  const types = [];
  let finish = null;
  for await (const chunk of chunks) {
    types.push(chunk.type);
    if (chunk.type === "finish") finish = chunk.finishReason;
  }
  const again = [];  // as useChat({ resume: true }) reads it
  for await (const chunk of await transport.reconnectToStream({ chatId: "1" })) again.push(chunk.type);
  return { message, errors, types, finish, again };
}

async function ag_ui(text) {
  const events = jsons(text);
  events.forEach((event) => EventSchemas.parse(event));
  const agent = new HttpAgent({ url: "http://127.0.0.1/", threadId: "thread_1", fetch: replying(text) });
  const seen = { types: events.map((event) => event.type), errors: [], custom: [], finished: null };
  const watch = {
    onRunErrorEvent: ({ event }) => void seen.errors.push(event),
    onRunFinishedEvent: ({ event }) => void (seen.finished = event),
    onCustomEvent: ({ event }) => void seen.custom.push(event.name),
  };
  try {
    await agent.runAgent({ runId: "run_1" }, watch);
  } catch (error) {
    seen.thrown = String(error.message ?? error);
  }
  return { ...seen, messages: agent.messages };
}

async function openai_sse(text) {
  const client = new OpenAI({ apiKey: "none", baseURL: "http://127.0.0.1/", fetch: replying(text), maxRetries: 0 });
  const stream = client.chat.completions.stream({ model: "a-model", messages: [{ role: "user", content: "hi" }] });
  try {
    return { completion: await stream.finalChatCompletion() };
  } catch (error) {
    return { thrown: String(error.message ?? error), error: error.error ?? null };
  }
}

const readers = { vercel_ui, ag_ui, openai_sse };
let input = "";
for await (const piece of process.stdin) input += piece;
const seen = {};
for (const [protocol, scenarios] of Object.entries(JSON.parse(input))) {
  seen[protocol] = {};
  for (const [name, text] of Object.entries(scenarios)) {
    try {
      seen[protocol][name] = await readers[protocol](text);
    } catch (error) {
      seen[protocol][name] = { failed: String(error.stack ?? error) };
    }
  }
}
process.stdout.write(JSON.stringify(seen));
