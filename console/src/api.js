// The client of the console's API. It knows nothing of the page, so that it can be tested alone.

/** Why there is no answer. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} code as in docs/CONSOLE-API.md; `network` when there was no answer, `command` when a REST command refused
   * @param {string} message
   * @param {{retryAfter?: number, number?: number}} [more]
   */
  constructor(status, code, message, more = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = more.retryAfter;
    this.number = more.number;
  }
}

/**
 * A path below `api/`, each part percent-encoded, with what of the query is not empty.
 * @param {(string | number)[]} parts
 * @param {Record<string, unknown>} [query]
 */
export function pathOf(parts, query = {}) {
  const path = `api/${parts.map((it) => encodeURIComponent(String(it))).join('/')}`;
  const asked = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
  const text = asked.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`).join('&');
  return text ? `${path}?${text}` : path;
}

/** @param {Response} response */
async function failure(response) {
  const told = await response.json().catch(() => ({}));
  const error = told.error ?? {};
  const retryAfter = Number(response.headers.get('retry-after')) || undefined;
  return new ApiError(response.status, error.code ?? 'internal', error.message ?? response.statusText, { retryAfter });
}

/**
 * @typedef {object} Hooks
 * @property {typeof fetch} [fetch]
 * @property {(rest: {command: string, body: object}) => void} [onRest] an answer told the REST call that does the same
 * @property {() => void} [onSignedOut] the session has ended
 */

/** @param {Hooks} [hooks] */
export function makeApi(hooks = {}) {
  const ask = hooks.fetch ?? ((...it) => fetch(...it));
  let token = '';

  /** @param {string} url @param {RequestInit} [init] */
  async function call(url, init) {
    let response;
    try {
      response = await ask(url, { credentials: 'same-origin', cache: 'no-store', ...init });
    } catch (error) {
      throw new ApiError(0, 'network', String(error?.message ?? error));
    }
    if (!response.ok) {
      const error = await failure(response);
      if (error.code === 'not_signed_in') {
        token = '';
        hooks.onSignedOut?.();
      }
      throw error;
    }
    let answer;
    try {
      answer = await response.json();
    } catch (error) {
      throw new ApiError(response.status, 'internal', String(error?.message ?? error));
    }
    if (answer.rest) {
      hooks.onRest?.(answer.rest);
    }
    return answer;
  }

  const api = {
    /** @param {string} it the session's token, which every POST needs */
    setToken(it) {
      token = it ?? '';
    },
    /** @param {(string | number)[]} parts @param {Record<string, unknown>} [query] */
    get(parts, query) {
      return call(pathOf(parts, query));
    },
    /** @param {(string | number)[]} parts @param {object} [body] */
    post(parts, body = {}) {
      const headers = { 'Content-Type': 'application/json' };
      if (token) {
        headers['X-Console-Token'] = token;
      }
      return call(pathOf(parts), { method: 'POST', headers, body: JSON.stringify(body) });
    },
    /**
     * Runs a REST command and gives the whole of what the console answers.
     * @param {number} app @param {string} command as `service/name` @param {object} body
     */
    run(app, command, body) {
      return api.post(['apps', app, 'commands', ...command.split('/')], body);
    },
    /** The same, but gives the command's own answer, and fails if that is a refusal. */
    async command(app, command, body) {
      const { answer } = await api.run(app, command, body);
      if (answer.ActionStatus === 'FAIL' || answer.ErrorCode) {
        throw new ApiError(200, 'command', answer.ErrorInfo ?? '', { number: answer.ErrorCode });
      }
      const refused = firstRefused(answer);
      if (refused) {
        throw new ApiError(200, 'command', refused.text, { number: refused.code });
      }
      return answer;
    },
  };
  return api;
}

/** The first item of an answer about many that was refused. */
function firstRefused(answer) {
  const item = [...(answer.ResultItem ?? []), ...(answer.RecallRetList ?? [])]
    .find((it) => (it.ResultCode ?? it.RetCode ?? 0) !== 0);
  return item && { code: item.ResultCode ?? item.RetCode, text: item.ResultInfo ?? item.RetMsg ?? '' };
}
