import QuartileDaemon

@main
enum Main {
    static func main() async {
        // First of all: until then a crash would print memory.
        let weaknesses = ProcessHardening.apply()
        await QuartiledCommand.run(weaknesses: weaknesses)
    }
}
