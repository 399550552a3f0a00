/// What the first version of this program left of two imported accounts, both invented, one with an open intent: its
/// tables and rows, and its key.
enum StoreVersion1 {
    static let key = "o/mMY5pbAEvk0EBq7fsDqt9pVDWWGzbS0WLrc95nQmE=\n"

    static let database = """
        CREATE TABLE data_key (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            wrapped BLOB NOT NULL,
            key_id TEXT NOT NULL,
            source TEXT NOT NULL,
            canary BLOB NOT NULL
        ) STRICT;
        CREATE TABLE accounts (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            api_version TEXT NOT NULL,
            base_url TEXT NOT NULL,
            username TEXT,
            subscription_key BLOB NOT NULL,
            password BLOB,
            password_state TEXT NOT NULL,
            refresh_token_state TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE token_sets (
            account_id INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
            generation INTEGER NOT NULL,
            access_token BLOB NOT NULL,
            token_type TEXT NOT NULL,
            refresh_token BLOB NOT NULL,
            refresh_token_fingerprint TEXT NOT NULL,
            issued_at INTEGER NOT NULL,
            access_expires_at INTEGER NOT NULL,
            refresh_expires_at INTEGER,
            issued_at_boot INTEGER NOT NULL,
            boot_id TEXT
        ) STRICT;
        CREATE TABLE intents (
            account_id INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
            generation INTEGER NOT NULL,
            operation TEXT NOT NULL,
            refresh_token_fingerprint TEXT NOT NULL,
            at INTEGER NOT NULL,
            boot_id TEXT
        ) STRICT;
        CREATE TABLE unread_answers (
            account_id INTEGER PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
            generation INTEGER NOT NULL,
            body BLOB NOT NULL,
            at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE history (
            id INTEGER PRIMARY KEY,
            account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
            at INTEGER NOT NULL,
            event TEXT NOT NULL,
            result TEXT NOT NULL,
            UNIQUE (account_id, at, event, result)
        ) STRICT;
        INSERT INTO data_key VALUES (1, x'5c21a662afb08e237c468f0a3d8a94d28ffbf993c7bbe60e9b794c44be77d19665b8ea\
        f54ec899fb981aa683a0a3e2ee10be931fc29f2257e180e243', '4ee2dc52de334e70', 'key_file', x'd173ee7b720ef4b36\
        6531508a9452d0fa3114e86d8835e3292317970143ea9a8bf4a378276b33ac8f5d7e21e');
        INSERT INTO accounts VALUES (1, 'ada@example.com', 'v2', 'http://127.0.0.1:9', NULL, x'0114f2be5f888f017\
        f0af6db2407c216eef1fff13bfd7bd194adfecbfd44f3d1844ffe1326cae0af6ad511c1919388e38fbc574dad8a86dba9534e17d\
        4', NULL, 'none', 'unspent', 1795617333873, 1795617333881);
        INSERT INTO accounts VALUES (2, 'bob@example.com', 'v2', 'http://127.0.0.1:9', NULL, x'01fd6191f436c9f20\
        72a57b431474e17a8e616f3bfba4901cad896f46f7dff0a46273aaaaa52e33ecf4d151b55c6cacf528619d13e11081e67ec701a5\
        1', NULL, 'none', 'unspent', 1795617333896, 1795617333903);
        INSERT INTO token_sets VALUES (1, 1, x'0115862666c58f3a99718ec9223ac07bdcc0333b228f7c41b2adf2be4bbd5b0a4\
        88a51205ba90627d052a977c873a190ac1190fbb93cb97566cc99bf01455549fff6656c26874da86a23a02d53b55c2d368d676a1\
        876d9ea0cea2c3da8d49e303ca8647c04ebf262b23210904c9d130b7f25', 'Bearer', x'0161b5b43aff28140d601bebf4d4d6\
        15af361199f59cfb9af1ad578ce8a075ed79393fa6620de2eeed8f75', 'd6a790a3', 1760000000000, 1760043200000, 176\
        1209600000, -35601355253, '89d13d82-5bba-4fa5-a26f-1dd5348224a4');
        INSERT INTO token_sets VALUES (2, 1, x'019a8d077f3b28db49fe6a792defabf2801b7d480fb5302c2d6a620ff7fd6578a\
        a61b4c7f8cc2cdd76260a394f8b4c5d95e0efcd6908f16e17bd82eea46f370f28319bb11cdef13b9eaf5e2d9f71f149d43eff03c\
        a6b36f49311f13c1eb2445847b34010c95af987e0d16e9fc82a1b62ed57', 'Bearer', x'018397128b1a2842ee61c8fadaf2b4\
        3df35fccac9604cd99b1192fe2def84f50431bf222f5b8dba3e64565', '6ea363c3', 1760000000000, 1760043200000, 176\
        1209600000, -35601355253, '89d13d82-5bba-4fa5-a26f-1dd5348224a4');
        INSERT INTO history VALUES (1, 1, 1795617333873, 'import_by_user', 'stored');
        INSERT INTO history VALUES (2, 1, 1795617333881, 'refresh', 'not_sent');
        INSERT INTO history VALUES (3, 2, 1795617333896, 'import_by_user', 'stored');
        INSERT INTO history VALUES (4, 2, 1795617333903, 'refresh', 'not_sent');
        INSERT INTO intents VALUES (1, 1, 'refresh', 'd6a790a3', 1795617334000, '89d13d82-5bba-4fa5-a26f-1dd5348\
        224a4');
        PRAGMA application_id = 1364350020;
        PRAGMA user_version = 1;
        """
}
