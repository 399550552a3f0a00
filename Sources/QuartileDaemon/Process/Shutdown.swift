import ServiceLifecycle

/// Returns when graceful shutdown begins or the task is cancelled, which means the same to a service: to end.
func shutdownBegins() async {
    try? await gracefulShutdown()  // throws on cancellation only
}
