import { writeSync } from 'node:fs'

// Loaded into the process of every test file before the file itself. The runner's own timeout ends a test and not a
// process: a socket or a timer left open would hold the suite for ever, so the process says what it waits for and ends.
const { TEST_FILE_TIMEOUT_MS = '240000' } = process.env
const FILE_TIMEOUT_MS = Number(TEST_FILE_TIMEOUT_MS)

setTimeout(() => {
  const open = process.getActiveResourcesInfo().join(', ')
  writeSync(2, `${process.argv[1]}: still running after ${FILE_TIMEOUT_MS} ms; open: ${open}\n`)
  process.exit(1)
}, FILE_TIMEOUT_MS).unref()
