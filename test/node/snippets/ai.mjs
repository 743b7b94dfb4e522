import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { PostHogTraceExporter } from '@posthog/ai/otel'

const exporter = new PostHogTraceExporter({ projectToken: 'phc_local', host: 'http://127.0.0.1:8000' })
const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] })
const span = provider.getTracer('shop').startSpan('hello from ai', { attributes: { 'gen_ai.operation.name': 'chat', 'user.id': 'ada' } })
span.end()
await provider.shutdown()
