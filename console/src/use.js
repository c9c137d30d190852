// Loading, as every page does it.
import { reactive, ref, shallowRef } from 'vue';

/**
 * Something that is asked for at once and again on `reload`.
 * @template T @param {() => Promise<T>} load
 */
export function useLoad(load) {
  const data = shallowRef();
  const error = shallowRef();
  const loading = ref(false);
  let turn = 0;
  async function reload() {
    const mine = (turn += 1);
    loading.value = true;
    try {
      const found = await load();
      if (mine === turn) {
        data.value = found;
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
  reload();
  return reactive({ data, error, loading, reload });
}

/**
 * A list that goes on where the last answer said.
 * @param {(place: string | undefined) => Promise<{rows: any[], next?: string}>} load @param {boolean} [waits] nothing is asked for at first
 */
export function useList(load, waits = false) {
  const rows = shallowRef([]);
  const next = ref();
  const error = shallowRef();
  const loading = ref(false);
  let turn = 0;
  async function ask(place) {
    const mine = (turn += 1);
    loading.value = true;
    try {
      const found = await load(place);
      if (mine !== turn) {
        return;
      }
      rows.value = place === undefined ? found.rows : [...rows.value, ...found.rows];
      next.value = found.next;
      error.value = undefined;
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
  const reload = () => ask(undefined);
  if (!waits) {
    reload();
  }
  return reactive({ rows, next, error, loading, reload, more: () => ask(next.value) });
}
