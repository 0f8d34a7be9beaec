/// What a run touched, and what it could have touched and left alone, measured alike: what tells them apart is the
/// effect.
public struct RecoveryCohorts: Sendable, Equatable {
    /// Readings of several objects, added up.
    public struct Cohort: Sendable, Equatable {
        public var objects: Int
        public var sum: Double

        public init(objects: Int = 0, sum: Double = 0) {
            self.objects = objects
            self.sum = sum
        }

        fileprivate static func + (one: Cohort, other: Cohort) -> Cohort {
            Cohort(objects: one.objects + other.objects, sum: one.sum + other.sum)
        }
    }

    public var touched: Cohort
    public var control: Cohort

    public init(touched: Cohort, control: Cohort) {
        self.touched = touched
        self.control = control
    }

    /// What the signal would read if all of them fared like the touched, and if all fared like the control.
    ///
    /// - Returns: nil when one of the two is empty: then nothing can be told apart.
    var readings: (touched: Double, control: Double)? {
        guard touched.objects > 0, control.objects > 0 else { return nil }
        let all = Double(touched.objects + control.objects)
        return (touched.sum / Double(touched.objects) * all, control.sum / Double(control.objects) * all)
    }

    /// Those of two loops together.
    public static func + (one: RecoveryCohorts, other: RecoveryCohorts) -> RecoveryCohorts {
        RecoveryCohorts(touched: one.touched + other.touched, control: one.control + other.control)
    }
}
