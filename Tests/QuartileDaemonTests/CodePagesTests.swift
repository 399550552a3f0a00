import Glibc
import Testing

@testable import QuartileDaemon

@Suite struct CodePagesTests {
    @Test func onlyCodeOfFilesIsLetGoOf() {
        let maps = """
            55d0c0000000-55d0c0100000 r--p 00000000 fe:00 1180 /usr/local/bin/quartiled
            55d0c0100000-55d0c4100000 r-xp 00100000 fe:00 1180 /usr/local/bin/quartiled
            55d0c4100000-55d0c4200000 r--p 04100000 fe:00 1180 /usr/local/bin/quartiled
            55d0c4200000-55d0c4300000 rw-p 04200000 fe:00 1180 /usr/local/bin/quartiled
            55d0c5000000-55d0c5100000 rwxp 00000000 00:00 0
            7f0000000000-7f0000150000 r-xp 00026000 fe:00 2041 /lib/with a space/libc.so.6 (deleted)
            7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0 [vdso]
            nonsense

            """
        #expect(
            CodePages.ranges(inMaps: maps) == [
                0x55d0_c010_0000..<0x55d0_c410_0000, 0x7f00_0000_0000..<0x7f00_0015_0000,
            ]
        )
    }
}
