@main
enum Main {
    static func main() async {
        await SandboxCommand.start()
    }
}
