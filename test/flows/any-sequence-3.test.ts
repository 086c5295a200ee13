import { testAnySequences } from '../support/sequences/run-sequences.ts'

testAnySequences(3)
