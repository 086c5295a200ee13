import { parseArgs } from 'node:util'
import { runSuite } from './suite/run-suite.ts'

/**
 * `npm test`: the whole suite; `npm test -- orders races`: the files whose paths contain these words;
 * `npm test -- -t refund`: the tests whose names match. `COVERAGE=1` measures in the same run.
 */
const { COVERAGE } = process.env
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'test-name-pattern': { type: 'string', short: 't', multiple: true, default: [] },
    coverage: { type: 'boolean', default: COVERAGE === '1' },
  },
})

process.exitCode = await runSuite({
  filters: positionals,
  namePatterns: values['test-name-pattern'],
  coverage: values.coverage,
})
