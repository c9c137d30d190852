// An application's backend: what it was told, and under which ids.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';

const ARRIVAL_MS = 8000;

export class Backend {
  told = [];
  #server = createServer(async (request, answer) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString() || '{}');
    this.told.push({ id: request.headers['webhook-id'], body });
    answer.end('{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}');
  });

  async listen() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${this.#server.address().port}/hook`;
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async count(wanted) {
    for (const end = Date.now() + ARRIVAL_MS; this.told.length < wanted; await new Promise((done) => setTimeout(done, 20))) {
      assert.ok(Date.now() < end, `${this.told.length} of ${wanted} deliveries came`);
    }
  }
}
