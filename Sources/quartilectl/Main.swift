internal import Glibc

@main
struct Main {
    static func main() {
        ProcessSetup.run()
        exit(Program.run(Array(CommandLine.arguments.dropFirst())))
    }
}
