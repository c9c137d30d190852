// Loading, as every page does it.
import { onUnmounted, reactive, ref, shallowRef } from 'vue';

/** One question at a time: what an earlier one brings is dropped. */
function asking() {
  const error = shallowRef();
  const loading = ref(false);
  let turn = 0;
  /** @template T @param {() => Promise<T>} load @param {(found: T) => void} take */
  async function ask(load, take) {
    const mine = (turn += 1);
    loading.value = true;
    try {
      const found = await load();
      if (mine === turn) {
        take(found);
        error.value = undefined;
      }
    } catch (it) {
      if (mine === turn) {
        error.value = it;
      }
    } finally {
      if (mine === turn) {
        loading.value = false;
      }
    }
  }
  return { error, loading, ask };
}

/**
 * Something that is asked for at once and again on `reload`.
 * @template T @param {() => Promise<T>} load
 */
export function useLoad(load) {
  const { error, loading, ask } = asking();
  const data = shallowRef();
  const reload = () => ask(load, (found) => { data.value = found; });
  reload();
  return reactive({ data, error, loading, reload });
}

/**
 * A list that goes on where the last answer said.
 * @param {(place: string | undefined) => Promise<{rows: any[], next?: string}>} load @param {boolean} [waits] nothing is asked for at first
 */
export function useList(load, waits = false) {
  const { error, loading, ask } = asking();
  const rows = shallowRef([]);
  const next = ref();
  const part = (place) => ask(() => load(place), (found) => {
    rows.value = place === undefined ? found.rows : [...rows.value, ...found.rows];
    next.value = found.next;
  });
  const reload = () => part(undefined);
  if (!waits) {
    reload();
  }
  return reactive({ rows, next, error, loading, reload, more: () => part(next.value) });
}

/** While one of them runs, works are looked at so often. */
const WORKS_EVERY_MS = 1000;

/**
 * Long works, looked at for as long as one runs. `ended` are those that ran when they were looked at last, and run no more.
 * @param {() => Promise<any[]>} load newest first @param {() => void} [then] something has ended
 */
export function useWorks(load, then = () => {}) {
  const { error, ask } = asking();
  const rows = shallowRef([]);
  const ended = shallowRef([]);
  const runs = (it) => it.state === 'running';
  let timer;
  let left = false;
  async function reload() {
    clearTimeout(timer);
    await ask(load, (found) => {
      const ran = new Set(rows.value.filter(runs).map((it) => it.id));
      const over = found.filter((it) => ran.has(it.id) && !runs(it));
      rows.value = found;
      if (over.length) {
        ended.value = over;
        then();
      }
    });
    clearTimeout(timer);
    if (!left && rows.value.some(runs)) {
      timer = setTimeout(reload, WORKS_EVERY_MS);
    }
  }
  onUnmounted(() => {
    left = true;
    clearTimeout(timer);
  });
  reload();
  return reactive({ rows, ended, error, reload });
}
