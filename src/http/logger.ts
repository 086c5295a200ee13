import pino from 'pino'
import { maskLine, SECRET_PATHS } from './log-masking.ts'
import { openConsoleSink, openFileSink, openPrettySink } from './log-sinks.ts'

/** What the logger must know of the configuration. */
export interface LoggerSettings {
  readonly env: 'local' | 'online'
  readonly logging: { readonly level: string; readonly file: string | null }
}

export interface OpenLogger {
  readonly logger: pino.Logger
  /** Writes what is left and lets go of the file. Lines that come later are dropped. */
  close(): Promise<void>
}

/**
 * `local`: lines for people on standard output. `online`: JSON on standard error. Both: JSON in a rotated file where
 * one is named. Everything runs in this process: a worker thread would cost more at the start than all lines together.
 * @throws in words for the operator when the file cannot be written.
 */
export async function openLogger({ env, logging }: LoggerSettings): Promise<OpenLogger> {
  const sinks = [env === 'local' ? await openPrettySink() : openConsoleSink('stderr')]
  if (logging.file !== null) sinks.push(await openFileSink(logging.file))
  let open = true
  const destination = {
    write(line: string): void {
      if (!open) return
      const masked = maskLine(line)
      for (const sink of sinks) sink.write(masked)
    },
  }
  const closeSinks = async (): Promise<void> => {
    open = false
    await Promise.all(sinks.map((sink) => sink.close()))
  }
  let closing: Promise<void> | null = null
  const close = (): Promise<void> => {
    closing ??= closeSinks()
    return closing
  }
  return { logger: pino(pinoOptions(logging.level), destination), close }
}

function pinoOptions(level: string): pino.LoggerOptions {
  return {
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // Two levels by path, whatever the value is made of; strings at any depth are masked in the finished line.
    redact: { paths: [...SECRET_PATHS], censor: '[redacted]' },
    serializers: { req: requestWords, res: answerWords, err: errorWords, error: errorWords },
  }
}

/** Method and path: no query string, no headers. */
function requestWords(request: { method?: string; url?: string }): object {
  return { method: request.method, url: request.url?.split('?', 1)[0] }
}

function answerWords(answer: { statusCode?: number }): object {
  return { statusCode: answer.statusCode }
}

// A chain of causes that goes deeper is a loop.
const CAUSES_MAX = 4

/** An allow-list: drivers hang statements, parameters and whole requests on their errors. */
function errorWords(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error
  const { code, statusCode, cause } = error as Error & { code?: unknown; statusCode?: unknown }
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(typeof statusCode === 'number' ? { statusCode } : {}),
    ...(cause instanceof Error && depth < CAUSES_MAX ? { cause: errorWords(cause, depth + 1) } : {}),
  }
}
