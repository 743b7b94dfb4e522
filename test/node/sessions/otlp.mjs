// node otlp.mjs HOST KEY PART EXPORTER, which is ai or exporter-trace-otlp-proto
import { context, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { PostHogTraceExporter } from '@posthog/ai/otel'

const [, , host, key, part, which] = process.argv
const exporter = which === 'ai'
    ? new PostHogTraceExporter({ projectToken: key, host })
    : new OTLPTraceExporter({ url: `${host}/i/v0/ai/otel`, headers: { Authorization: `Bearer ${key}` }, compression: 'gzip' })
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
const tracer = provider.getTracer('shop', '1.2.3')
const at = (ms) => new Date(Date.parse('2025-03-04T05:06:07.089Z') + ms)

function session() {
    const agent = tracer.startSpan('agent', { startTime: at(0), attributes: { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'helper', 'user.id': 'ada' } })
    const within = trace.setSpan(context.active(), agent)
    const chat = tracer.startSpan('chat gpt-4o', {
        startTime: at(0), attributes: {
            'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-4o', 'gen_ai.response.model': 'gpt-4o-2024-08-06',
            'gen_ai.input.messages': JSON.stringify([{ role: 'user', content: 'Grüße 👋' }]), 'gen_ai.output.messages': JSON.stringify([{ role: 'assistant', content: 'Hi' }]),
            'gen_ai.usage.input_tokens': 12, 'gen_ai.usage.output_tokens': 3, 'gen_ai.request.temperature': 0.5, 'posthog.distinct_id': 'ada', tags: ['a', 'b'],
        },
    }, within)
    chat.end(at(1500))
    tracer.startSpan('GET /', { startTime: at(0), attributes: { 'http.route': '/' } }, within).end(at(1))
    const embedding = tracer.startSpan('embeddings', { startTime: at(0), attributes: { 'gen_ai.operation.name': 'embeddings', 'user.id': 'ada' } }, within)
    embedding.recordException(new TypeError('no such model'))
    embedding.setStatus({ code: SpanStatusCode.ERROR, message: 'failed' })
    embedding.end(at(10))
    agent.end(at(2000))
}

function retry() {
    for (const n of [1, 2, 3]) {
        tracer.startSpan('chat', { attributes: { 'gen_ai.operation.name': 'chat', 'user.id': 'ada', n } }).end()
    }
}

await (part === 'session' ? session() : retry())
await provider.forceFlush()
await provider.shutdown()
