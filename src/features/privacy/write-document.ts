/** One part of a document: a name with a value, or with a list that is too long to be held at once. */
export type Section = readonly [name: string, content: () => Promise<unknown> | AsyncIterable<unknown>]

/**
 * Writes a JSON object part by part, so that the longest list costs the memory of one of its entries. `write` resolves
 * when the next text may come.
 */
export async function writeDocument(
  write: (text: string) => Promise<void>,
  sections: readonly Section[],
): Promise<void> {
  let separator = '{\n'
  for (const [name, content] of sections) {
    await write(`${separator}  ${JSON.stringify(name)}: `)
    separator = ',\n'
    const value = content()
    if (value instanceof Promise) await write(JSON.stringify(await value))
    else await writeList(write, value)
  }
  await write('\n}\n')
}

async function writeList(write: (text: string) => Promise<void>, entries: AsyncIterable<unknown>): Promise<void> {
  let separator = '['
  for await (const entry of entries) {
    await write(`${separator}\n    ${JSON.stringify(entry)}`)
    separator = ','
  }
  await write(separator === '[' ? '[]' : '\n  ]')
}
