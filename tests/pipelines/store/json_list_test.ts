import assert from "node:assert/strict";
import { MadeRows } from "../../../pipelines/common/row_list.ts";
import { getList, putList } from "../../../pipelines/store/json_list.ts";
import { Store } from "../../../pipelines/store/store.ts";
import { test } from "./support.ts";

const key = "b".repeat(64);

test("lists have the format that putJson() writes, and both are read", async (folder) => {
  const store = new Store(folder), rows = Array.from({ length: 5000 }, (_, at) => ({ loss: at / 3, text: 'é,]"' }));
  await putList(store, "predictions", key, new MadeRows(rows.length, (at) => rows[at]!));
  assert.deepEqual(await store.getJson("predictions", key), rows);
  assert.deepEqual([...(await getList(store, "predictions", key))!.list()], rows);
  await store.putJson("predictions", key, [1, "two"]);
  assert.deepEqual([...(await getList(store, "predictions", key))!.list()], [1, "two"]);
  await putList(store, "predictions", key, []);
  assert.equal((await getList(store, "predictions", key))!.length, 0);
  assert.equal(await getList(store, "predictions", "c".repeat(64)), undefined);
});

test("a list with a number that is not finite is not kept", async (folder) => {
  const store = new Store(folder);
  await assert.rejects(putList(store, "predictions", key, [1, NaN]), TypeError);
  assert.equal(store.has("predictions", key), false);
});
