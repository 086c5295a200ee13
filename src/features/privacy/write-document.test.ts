import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Section, writeDocument } from './write-document.ts'

async function* listOf(...entries: unknown[]): AsyncGenerator<unknown> {
  yield* entries
}

async function written(sections: readonly Section[]): Promise<string> {
  let text = ''
  await writeDocument(async (part) => {
    text += part
  }, sections)
  return text
}

test('a document is JSON, whatever its lists and values are', async () => {
  const text = await written([
    ['a "name"', async () => ({ nested: [1, 'zwei', null] })],
    ['empty', () => listOf()],
    ['one', () => listOf({ id: 1 })],
    ['many', () => listOf({ id: 1 }, 'text', [])],
    ['nothing', async () => null],
  ])
  assert.deepEqual(JSON.parse(text), {
    ...{ 'a "name"': { nested: [1, 'zwei', null] }, empty: [], one: [{ id: 1 }] },
    ...{ many: [{ id: 1 }, 'text', []], nothing: null },
  })
})

test('an entry is written before the next one is asked for', async () => {
  const steps: string[] = []
  async function* slow(): AsyncGenerator<unknown> {
    for (const entry of [1, 2]) {
      steps.push(`asked ${entry}`)
      yield entry
    }
  }
  await writeDocument(async (part) => void steps.push(part.trim()), [['list', slow]])
  assert.deepEqual(steps.slice(1, -2), ['asked 1', '[\n    1', 'asked 2', ',\n    2'])
})
