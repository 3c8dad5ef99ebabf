// What checkers in C++ that include testlib.h use of it, written anew: three streams,
// the input (inf), what the program printed (ouf) and the jury's answer (ans), and the
// verdicts that end a checker, with testlib's exit codes. As in testlib, a fault in inf
// or ans is the jury's (_fail), and what is right has nothing behind it. Validators,
// generators and interactors are not here, and do not compile.
#include <bits/stdc++.h>

enum TResult {
    _ok, _wa, _pe, _fail, _dirt, _points = 7, _unexpected_eof, _partially = 16
};
#define _pc(share) (TResult(_partially + (share)))
#define NAMED const std::string &name = ""
inline bool isBlanks(char c) { return std::strchr(" \t\r\n", c) && c; }
inline bool isEoln(char c) { return c == '\r' || c == '\n'; }
inline bool isEof(int c) { return c == EOF; }
template <class... P> std::string format(const std::string &form, P... values) {
    std::string text(std::snprintf(nullptr, 0, form.c_str(), values...), 0);
    std::snprintf(&text[0], text.size() + 1, form.c_str(), values...);
    return text;
}
inline std::string compress(const std::string &s) {
    return s.size() <= 64 ? s : s.substr(0, 30) + "..." + s.substr(s.size() - 31);
}

struct InStream {
    std::string text;
    size_t at = 0;
    bool is_output = false;

    void open(const char *path) {
        std::ifstream file(path, std::ios::binary);
        text.assign(std::istreambuf_iterator<char>(file), {});
    }
    [[noreturn]] void quit(TResult result, const std::string &why) {
        if (!is_output) result = _fail;
        if (result == _ok && !seekEof()) result = _pe;
        std::fprintf(stderr, "%s\n", why.c_str());
        std::_Exit(result);
    }
    template <class... P> [[noreturn]] void quitf(TResult result, P... why) {
        quit(result, format(why...));
    }
    template <class... P> void quitif(bool holds, TResult result, P... why) {
        if (holds) quitf(result, why...);
    }
    template <class... P> void ensuref(bool holds, P... why) { quitif(!holds, _wa, why...); }

    bool eof() { return at >= text.size(); }
    int curChar() { return eof() ? EOF : (unsigned char)text[at]; }
    int nextChar() { return eof() ? EOF : (unsigned char)text[at++]; }
    void skipChar() { at += !eof(); }
    void skipBlanks() { while (!eof() && isBlanks(text[at])) at++; }
    bool seekEof() { skipBlanks(); return eof(); }
    bool eoln() {
        size_t end = at + (curChar() == '\r');
        if (end < text.size() && text[end] != '\n') return false;
        at = std::min(end + 1, text.size());
        return true;
    }
    bool seekEoln() {
        while (curChar() == ' ' || curChar() == '\t') at++;
        return eoln();
    }
    void readEof() { if (!seekEof()) quit(_pe, "expected the end"); }
    void readEoln() { if (!seekEoln()) quit(_pe, "expected the end of a line"); }
    char readChar() {
        if (eof()) quit(_unexpected_eof, "unexpected end");
        return text[at++];
    }
    char readChar(char wanted) {
        if (readChar() != wanted) quit(_pe, "unexpected sign");
        return wanted;
    }
    char readSpace() { return readChar(' '); }

    std::string readToken() {
        if (seekEof()) quit(_unexpected_eof, "unexpected end");
        size_t start = at;
        while (!eof() && !isBlanks(text[at])) at++;
        return text.substr(start, at - start);
    }
    std::string readLine() {
        if (eof()) quit(_unexpected_eof, "unexpected end");
        size_t end = std::min(text.find('\n', at), text.size());
        std::string line = text.substr(at, end - at);
        at = std::min(end + 1, text.size());
        if (!line.empty() && line.back() == '\r') line.pop_back();
        return line;
    }
    std::string match(const std::string &word, const std::string &pattern) {
        if (word.size() > 20000) quit(_fail, "too long for a pattern");
        if (!std::regex_match(word, std::regex(pattern)))
            quit(_wa, "\"" + compress(word) + "\" is not " + pattern);
        return word;
    }
    std::string readToken(const std::string &p, NAMED) { return match(readToken(), p); }
    std::string readLine(const std::string &p, NAMED) { return match(readLine(), p); }
    template <class... P> std::string readWord(P... p) { return readToken(p...); }
    template <class... P> std::string readString(P... p) { return readLine(p...); }
    void readTokenTo(std::string &word) { word = readToken(); }
    void readWordTo(std::string &word) { word = readToken(); }
    void readLineTo(std::string &line) { line = readLine(); }
    void readStringTo(std::string &line) { line = readLine(); }

    // An integer has no plus, no zeros in front, and no minus before zero.
    template <class T> T parse_whole() {
        std::string word = readToken();
        size_t first = std::is_signed<T>::value && word[0] == '-', digits = word.size() - first;
        bool is_whole = digits > 0 && digits < 21 && (word[first] != '0' || word == "0");
        __int128 value = 0;
        for (size_t i = first; is_whole && i < word.size(); i++) {
            is_whole = '0' <= word[i] && word[i] <= '9';
            value = value * 10 + (word[i] - '0');
        }
        value = first ? -value : value;
        using Bounds = std::numeric_limits<T>;
        if (!is_whole || value < Bounds::min() || value > Bounds::max())
            quit(_pe, "\"" + compress(word) + "\" is no such integer");
        return T(value);
    }
    double parse_real() {
        std::string word = readToken();
        char *end = nullptr;
        double value = std::strtod(word.c_str(), &end);
        bool is_plain = word.find_first_not_of("0123456789+-.eE") == std::string::npos;
        if (*end || !is_plain || !std::isfinite(value))
            quit(_pe, "\"" + compress(word) + "\" is no number");
        return value;
    }
// The readers of one kind of value: as it stands, within bounds, and many of them.
#define READERS(T, one, many, parse)                                            \
    T one() { return parse(); }                                                 \
    T one(T low, T high, NAMED) {                                               \
        T value = parse();                                                      \
        if (low <= value && value <= high) return value;                        \
        quit(_wa, name + " is out of its bounds");                              \
    }                                                                           \
    template <class... B> std::vector<T> many(int n, B... bounds) {             \
        std::vector<T> values;                                                  \
        while (n-- > 0) values.push_back(one(bounds...));                       \
        return values;                                                          \
    }
    READERS(int, readInt, readInts, parse_whole<int>)
    READERS(int, readInteger, readIntegers, parse_whole<int>)
    READERS(long long, readLong, readLongs, parse_whole<long long>)
    READERS(unsigned long long, readUnsignedLong, readUnsignedLongs, parse_whole<unsigned long long>)
    READERS(double, readDouble, readDoubles, parse_real)
    READERS(double, readReal, readReals, parse_real)
#undef READERS
    template <class... P> std::vector<std::string> readTokens(int n, P... p) {
        std::vector<std::string> words;
        while (n-- > 0) words.push_back(readToken(p...));
        return words;
    }
};

inline InStream inf, ouf, ans;
struct random_t {
    std::mt19937_64 source{20};
    template <class T> T next(T low, T high) { return low + T(source() % (high - low + 1)); }
    template <class T> T next(T below) { return next<T>(0, below - 1); }
    double next() { return (source() >> 11) * 0x1p-53; }
};
inline random_t rnd;

inline void registerTestlibCmd(int count, char *paths[]) {
    if (count < 4) std::_Exit(_fail);
    inf.open(paths[1]), ouf.open(paths[2]), ans.open(paths[3]);
    ouf.is_output = true;
}
[[noreturn]] inline void quit(TResult result, const std::string &why = "") { ouf.quit(result, why); }
template <class... P> [[noreturn]] void quitf(TResult result, P... why) { ouf.quitf(result, why...); }
template <class... P> void quitif(bool holds, TResult result, P... why) { ouf.quitif(holds, result, why...); }
template <class... P> [[noreturn]] void quitp(double, P...) { ouf.quit(_points, "some points"); }
template <class... P> void ensuref(bool holds, P... why) { ouf.quitif(!holds, _fail, why...); }
#define ensure(condition) ensuref((condition), "%s", #condition)
template <class... P> [[noreturn]] void expectedButFound(TResult result, P...) { ouf.quit(result, "not as expected"); }
template <class... P> void setName(P...) {}
template <class... P> void setTestCase(P...) {}

inline double doubleDelta(double expected, double result) {
    double absolute = std::fabs(result - expected);
    return std::fabs(expected) > 1e-9 ? std::min(absolute, absolute / std::fabs(expected)) : absolute;
}
inline bool doubleCompare(double expected, double result, double error) {
    if (std::isnan(expected) || std::isnan(result)) return std::isnan(expected) && std::isnan(result);
    if (std::isinf(expected) || std::isinf(result)) return expected == result;
    return doubleDelta(expected, result) <= error + 1e-15;
}
inline std::string englishEnding(int n) {
    const char *endings[] = {"th", "st", "nd", "rd"};
    return n / 10 % 10 == 1 || n % 10 > 3 ? "th" : endings[n % 10];
}
template <class T> std::string vtos(const T &value) { return (std::ostringstream() << value).str(); }
template <class T> std::string toString(const T &value) { return vtos(value); }
inline std::string upperCase(std::string s) { for (char &c : s) c = std::toupper(c); return s; }
inline std::string trim(const std::string &s) {
    size_t first = s.find_first_not_of(" \t\r\n"), last = s.find_last_not_of(" \t\r\n");
    return first == std::string::npos ? "" : s.substr(first, last - first + 1);
}
